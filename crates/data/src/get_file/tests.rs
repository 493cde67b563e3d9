use super::*;
use std::io::Write;

const HELLO: &str = "hello\n";
const SHA256: &str = "5891b5b522d5df086d0ff0b110fbd9d21bb4fc7163af34d08286a2e846f6be03";
const MD5: &str = "b1946ac92492d2347c6235b4d2611184";

/// A cache with one file.
fn cache(name: &str, content: &[u8]) -> tempfile::TempDir {
    let cache = tempfile::tempdir().unwrap();
    fs::create_dir(cache.path().join("datasets")).unwrap();
    fs::write(cache.path().join("datasets").join(name), content).unwrap();
    cache
}

#[test]
fn a_file_has_its_hash() {
    let cache = cache("a.txt", HELLO.as_bytes());
    let new = || GetFile::new().cache_dir(cache.path());
    for hash in [SHA256, MD5, &SHA256.to_uppercase()] {
        assert!(get_file("a.txt", new().file_hash(hash)).unwrap().ends_with("datasets/a.txt"));
    }
    let error = |arguments: GetFile| get_file("a.txt", arguments).unwrap_err().to_string();
    let wrong = error(new().file_hash(SHA256.replace('5', "6")));
    assert!(wrong.contains("a.txt") && wrong.contains(SHA256), "{wrong}");
    assert!(error(new().file_hash("12")).contains("64 or 32"));
    assert!(error(new().file_hash(MD5).hash_algorithm("sha256")).contains(SHA256));
    assert!(error(new().file_hash(MD5).hash_algorithm("sha1")).contains("sha256"));
}

#[test]
fn what_is_missing_says_where_it_belongs() {
    let cache = cache("a.txt", b"");
    let new = || GetFile::new().cache_dir(cache.path());
    let error = |name: &str| get_file(name, new().cache_subdir("models")).unwrap_err().to_string();
    assert!(error("b.txt").contains(&cache.path().join("models/b.txt").display().to_string()));
    for name in ["", "..", "../a.txt", "a/b.txt", "/a.txt"] {
        assert!(error(name).contains("fname"), "{name}");
    }
    if cfg!(not(feature = "download")) {
        let error = get_file("b.txt", new().origin("https://example.org/b.txt")).unwrap_err().to_string();
        assert!(error.contains("copy https://example.org/b.txt") && error.contains("\"download\""), "{error}");
    }
}

fn tar(name: &str) -> Vec<u8> {
    let mut archive = tar::Builder::new(Vec::new());
    let mut header = tar::Header::new_gnu();
    header.set_size(HELLO.len() as u64);
    header.set_mode(0o644);
    // `Builder` refuses names that leave the folder.
    header.as_old_mut().name[..name.len()].copy_from_slice(name.as_bytes());
    header.set_cksum();
    archive.append(&header, HELLO.as_bytes()).unwrap();
    archive.into_inner().unwrap()
}

fn gzip(bytes: &[u8]) -> Vec<u8> {
    let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::default());
    encoder.write_all(bytes).unwrap();
    encoder.finish().unwrap()
}

#[test]
fn archives_are_unpacked() {
    let mut zip = zip::ZipWriter::new(std::io::Cursor::new(Vec::new()));
    zip.start_file("in/a.txt", zip::write::SimpleFileOptions::default()).unwrap();
    zip.write_all(HELLO.as_bytes()).unwrap();
    let zip = zip.finish().unwrap().into_inner();
    for (file, name, folder, bytes) in [
        ("data.tar", "data.tar", "data_extracted", tar("in/a.txt")),
        ("data.tar.gz", "data.tar.gz", "data_extracted", gzip(&tar("in/a.txt"))),
        ("data_archive", "data", "data", gzip(&tar("in/a.txt"))),
        ("data.zip", "data.zip", "data_extracted", zip),
    ] {
        let cache = cache(file, &bytes);
        let arguments = || GetFile::new().cache_dir(cache.path()).extract(true);
        let path = get_file(name, arguments()).unwrap();
        assert!(path.ends_with(format!("datasets/{folder}")), "{}", path.display());
        assert_eq!(fs::read_to_string(path.join("in/a.txt")).unwrap(), HELLO);
        // The folder is enough.
        fs::remove_file(cache.path().join("datasets").join(file)).unwrap();
        assert_eq!(get_file(name, arguments()).unwrap(), path);
    }
}

#[test]
fn bad_archives_leave_nothing() {
    for bytes in
        [b"no archive".repeat(100), gzip(b"no archive"), tar("../out.txt"), gzip(&tar("in/a.txt"))[..40].to_vec()]
    {
        let cache = cache("data.tar", &bytes);
        let result = get_file("data.tar", GetFile::new().cache_dir(cache.path()).extract(true));
        assert!(!cache.path().join("datasets/out.txt").exists() && !cache.path().join("out.txt").exists());
        if result.is_err() {
            assert_eq!(fs::read_dir(cache.path().join("datasets")).unwrap().count(), 1);
        }
    }
    let cache = cache("data.tar", b"no archive");
    let wrong = get_file("data.tar", GetFile::new().cache_dir(cache.path()).extract(true).archive_format("rar"));
    assert!(wrong.unwrap_err().to_string().contains("archive_format"));
}

/// From a server on this machine.
#[cfg(feature = "download")]
#[test]
fn a_file_is_fetched() {
    use std::net::TcpListener;

    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let origin = format!("http://{}/a.txt", listener.local_addr().unwrap());
    let server = std::thread::spawn(move || {
        let whole = format!("HTTP/1.1 200 OK\r\nContent-Length: 6\r\nConnection: close\r\n\r\n{HELLO}");
        for answer in
            [whole.clone(), whole, "HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\nConnection: close\r\n\r\n".into()]
        {
            let (mut stream, _) = listener.accept().unwrap();
            let mut request = [0; 1024];
            _ = stream.read(&mut request).unwrap();
            stream.write_all(answer.as_bytes()).unwrap();
        }
    });
    let cache = tempfile::tempdir().unwrap();
    let new = || GetFile::new().cache_dir(cache.path()).origin(&origin).file_hash(MD5);
    let path = get_file("a.txt", new()).unwrap();
    assert_eq!(fs::read_to_string(&path).unwrap(), HELLO);
    assert_eq!(get_file("a.txt", new()).unwrap(), path);
    // One that is cut off is fetched again.
    fs::write(&path, &HELLO[..3]).unwrap();
    assert_eq!(fs::read_to_string(get_file("a.txt", new()).unwrap()).unwrap(), HELLO);
    let error = get_file("b.txt", new()).unwrap_err().to_string();
    assert!(error.contains("404") && error.contains("b.txt"), "{error}");
    assert!(!cache.path().join("datasets/b.txt").exists());
    server.join().unwrap();
}
