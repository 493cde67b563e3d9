use super::*;
use candle_core::Device;
use image::codecs::gif::GifEncoder;
use image::{Frame, RgbaImage};

/// A gradient of `(height, width, channels)`.
fn gradient(height: usize, width: usize, channels: usize) -> Tensor {
    let pixel = |i: usize| {
        let (y, x, c) = (i / channels / width, i / channels % width, i % channels);
        (40 * c + 100 * y / height + 30 * x / width) as f32
    };
    let pixels: Vec<f32> = (0..height * width * channels).map(pixel).collect();
    Tensor::from_vec(pixels, (height, width, channels), &Device::Cpu).unwrap()
}

fn numbers(image: &Image) -> Vec<f32> {
    img_to_array(image).unwrap().flatten_all().unwrap().to_vec1().unwrap()
}

fn all(tensor: &Tensor) -> Vec<f32> {
    tensor.flatten_all().unwrap().to_vec1().unwrap()
}

#[test]
fn files_have_what_was_written() {
    let folder = tempfile::tempdir().unwrap();
    for (name, channels, most) in [
        ("a.png", 1, 0.0),
        ("a.png", 3, 0.0),
        ("a.png", 4, 0.0),
        ("a.bmp", 3, 0.0),
        ("a.jpg", 3, 5.0),
        ("a.jpeg", 1, 3.0),
    ] {
        let (path, image) = (folder.path().join(name), gradient(17, 23, channels));
        save_img(&path, &image, SaveImg::new().scale(false)).unwrap();
        let mode = ["grayscale", "", "rgb", "rgba"][channels - 1];
        let loaded = load_img(&path, LoadImg::new().color_mode(mode)).unwrap();
        assert_eq!((loaded.size(), loaded.channels()), ([17, 23], channels));
        let far = numbers(&loaded).iter().zip(all(&image)).map(|(a, b)| (a - b).abs()).fold(0f32, f32::max);
        assert!(far <= most, "{name} of {channels}: {far}");
    }
    // The name may be wrong.
    std::fs::rename(folder.path().join("a.bmp"), folder.path().join("b.jpg")).unwrap();
    assert_eq!(load_img(folder.path().join("b.jpg"), LoadImg::new()).unwrap().size(), [17, 23]);
}

#[test]
fn the_first_picture_of_a_gif_is_read() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("a.gif");
    let frame = |shade| Frame::new(RgbaImage::from_pixel(3, 2, image::Rgba([shade, 0, 0, 255])));
    let mut encoder = GifEncoder::new(std::fs::File::create(&path).unwrap());
    encoder.encode_frames([frame(200), frame(100)]).unwrap();
    drop(encoder);
    let image = load_img(&path, LoadImg::new()).unwrap();
    assert_eq!((image.size(), &image.pixels()[..3]), ([2, 3], &[200u8, 0, 0][..]));
}

/// Those of PIL: `Image.fromarray(...).convert("L")`, and so on.
#[test]
fn channels_are_converted_as_by_pil() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("a.png");
    let image = Tensor::new(
        &[[[255f32, 0., 0., 9.], [0., 255., 0., 0.], [0., 0., 255., 255.], [10., 20., 30., 1.]]],
        &Device::Cpu,
    );
    save_img(&path, &image.unwrap(), SaveImg::new().scale(false)).unwrap();
    let pixels = |mode: &str| load_img(&path, LoadImg::new().color_mode(mode)).unwrap().pixels().to_vec();
    assert_eq!(pixels("grayscale"), [76, 150, 29, 18]);
    assert_eq!(pixels("rgb"), [255, 0, 0, 0, 255, 0, 0, 0, 255, 10, 20, 30]);
    assert_eq!(pixels("rgba")[3..5], [9, 0]);
}

#[test]
fn images_are_resized() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("a.png");
    save_img(&path, &gradient(8, 4, 1), SaveImg::new().scale(false)).unwrap();
    let load = |arguments: LoadImg| load_img(&path, arguments.color_mode("grayscale").target_size([2, 2])).unwrap();
    assert_eq!(load(LoadImg::new()).pixels(), [32, 47, 82, 97]);
    // The means of its quarters.
    assert_eq!(load(LoadImg::new().interpolation("box")).pixels(), [23, 38, 73, 88]);
    assert_eq!(load(LoadImg::new().keep_aspect_ratio(true).interpolation("box")).pixels()[0], 35);
    assert_eq!(smart_resize(&gradient(8, 4, 3), [2, 2], "nearest").unwrap().dims(), [2, 2, 3]);
}

#[test]
fn arrays_are_scaled_or_checked() {
    let array = Tensor::new(&[[-1f32, 0.], [1., 3.]], &Device::Cpu).unwrap();
    let image = array_to_img(&array, ArrayToImg::new()).unwrap();
    assert_eq!(image.pixels(), [0, 63, 127, 255]);
    let error = array_to_img(&array, ArrayToImg::new().scale(false)).unwrap_err().to_string();
    assert!(error.contains("-1 at [0, 0, 0]"), "{error}");
    let first =
        array_to_img(&gradient(2, 3, 3).permute((2, 0, 1)).unwrap(), ArrayToImg::new().channels_first(true)).unwrap();
    assert_eq!((first.size(), first.channels()), ([2, 3], 3));
    assert!(array_to_img(&gradient(2, 3, 2), ArrayToImg::new()).unwrap_err().to_string().contains("[2, 3, 2]"));
    assert!(array_to_img(&gradient(0, 3, 3), ArrayToImg::new()).is_err());
    let nan = Tensor::new(&[[f32::NAN]], &Device::Cpu).unwrap();
    assert!(array_to_img(&nan, ArrayToImg::new()).is_err());
    let folder = tempfile::tempdir().unwrap();
    assert!(save_img(folder.path().join("a.tiff"), &array, SaveImg::new()).unwrap_err().to_string().contains("tiff"));
    save_img(folder.path().join("a"), &array, SaveImg::new().file_format("png")).unwrap();
    assert!(save_img(folder.path().join("none/a.png"), &array, SaveImg::new()).is_err());
    assert!(load_img(folder.path().join("none.png"), LoadImg::new()).unwrap_err().to_string().contains("none.png"));
    assert!(load_img(folder.path().join("a"), LoadImg::new().color_mode("gray")).is_err());
    assert!(load_img(folder.path().join("a"), LoadImg::new().interpolation("linear")).is_err());
}

/// Those of PIL: of two pixels which are as near, the first.
#[test]
fn the_nearest_pixels_are_those_of_pil() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("a.png");
    let row: Vec<f32> = (0..24).map(|i| i as f32).collect();
    save_img(&path, &Tensor::from_vec(row, (1, 24, 1), &Device::Cpu).unwrap(), SaveImg::new().scale(false)).unwrap();
    let image = load_img(&path, LoadImg::new().color_mode("grayscale").target_size([1, 20])).unwrap();
    assert_eq!(image.pixels(), [0, 1, 3, 4, 5, 6, 7, 9, 10, 11, 12, 13, 14, 16, 17, 18, 19, 20, 22, 23]);
}

const FOLDER: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../../tests/pillow");

/// What a method makes of an image, by its name in the fixtures.
fn computed(method: &str, arguments: &[&str], image: &Image) -> Image {
    let numbers: Vec<i64> = arguments.iter().filter_map(|argument| argument.parse().ok()).collect();
    let sizes: Vec<usize> = numbers.iter().filter_map(|&number| number.try_into().ok()).collect();
    match method {
        "resize" => image.resize([sizes[0], sizes[1]], Resample::by_name(arguments[0]).unwrap()).unwrap(),
        "crop" => image.crop([numbers[0], numbers[1], numbers[2], numbers[3]]).unwrap(),
        "convert" => image.convert(ImageMode::by_name(arguments[0]).unwrap()),
        "paste" => {
            let mut own = Image::new(ImageMode::Rgb, [21, 20], &[1, 2, 3]).unwrap();
            own.paste(image, [numbers[0], numbers[1]]);
            own
        }
        "back" => Image::merge(ImageMode::YCbCr, &image.split()).unwrap().convert(ImageMode::Rgb),
        other => panic!("{other}"),
    }
}

/// Those of tools/pillow_images.py: the same bytes.
#[test]
fn images_are_those_of_pillow() {
    let mut fixtures = crate::Npz::open(format!("{FOLDER}/images.npz")).unwrap();
    let (mut count, mut wrong) = (0, Vec::new());
    for name in fixtures.names() {
        let parts: Vec<&str> = name.splitn(3, '/').collect();
        let [method, arguments, image] = parts[..] else { continue };
        let arguments: Vec<&str> = arguments.split(',').collect();
        let found = match method {
            "load" => {
                let size = [arguments[2].parse().unwrap(), arguments[3].parse().unwrap()];
                let options = LoadImg::new().interpolation(arguments[0]).keep_aspect_ratio(arguments[1] == "1");
                load_img(format!("{FOLDER}/{image}"), options.target_size(size)).unwrap()
            }
            _ => {
                let image = Image::from_array(&fixtures.read(&format!("in/{image}")).unwrap()).unwrap();
                computed(method, &arguments, &image)
            }
        };
        let (found, expected) = (found.to_array().unwrap(), fixtures.read(&name).unwrap());
        let bytes = |x: &Tensor| x.flatten_all().unwrap().to_vec1::<u8>().unwrap();
        count += 1;
        if found.dims() != expected.dims() || bytes(&found) != bytes(&expected) {
            wrong.push(name);
        }
    }
    assert!(count > 200, "{count}");
    assert!(wrong.is_empty(), "{} of {count}: {wrong:?}", wrong.len());
}

#[test]
fn what_is_no_image_is_an_error() {
    let folder = tempfile::tempdir().unwrap();
    let image = Image::new(ImageMode::Rgb, [2, 3], &[1, 2, 3]).unwrap();
    assert!(Image::new(ImageMode::Rgb, [2, 3], &[1]).is_err());
    assert!(Image::new(ImageMode::Rgb, [0, 3], &[]).is_err());
    assert!(Image::new(ImageMode::Rgb, [usize::MAX, 3], &[]).is_err());
    assert!(image.resize([0, 1], Resample::Box).is_err());
    assert!(image.resize([usize::MAX, 1], Resample::Box).is_err());
    assert!(image.crop([2, 2, 1, 3]).is_err());
    assert!(image.crop([i64::MIN, 0, i64::MAX, 1]).is_err());
    assert!(Image::merge(ImageMode::Rgb, &image.split()[..2]).is_err());
    assert!(Image::merge::<Image>(ImageMode::Rgb, &[]).is_err());
    assert!(Image::from_array(&Tensor::zeros((2, 2), DType::F32, &Device::Cpu).unwrap()).is_err());
    assert!(img_to_array(&Tensor::zeros(2, DType::F32, &Device::Cpu).unwrap()).is_err());
    let mut own = image.clone();
    own.paste(&image, [i64::MAX, i64::MIN]);
    assert_eq!(own, image);
    for name in ["a.png", "a.bmp", "a.jpg"] {
        let path = folder.path().join(name);
        image.save(&path).unwrap();
        assert_eq!(Image::open(&path).unwrap().mode(), ImageMode::Rgb, "{name}");
        image.convert(ImageMode::YCbCr).save(&path).unwrap();
    }
    let gray = folder.path().join("gray.jpg");
    image.convert(ImageMode::L).save(&gray).unwrap();
    assert_eq!(Image::open(&gray).unwrap().mode(), ImageMode::L);
    // A palette, which PIL would keep.
    let palette = concat!(env!("CARGO_MANIFEST_DIR"), "/../../tests/opencv/palette.png");
    assert!(Image::open(palette).unwrap_err().to_string().contains("load_img"));
    assert!(Image::open(folder.path().join("none.png")).is_err());
}
