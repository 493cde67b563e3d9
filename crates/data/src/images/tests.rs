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
    assert_eq!(load(LoadImg::new().interpolation("box")).pixels(), [22, 37, 72, 87]);
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
