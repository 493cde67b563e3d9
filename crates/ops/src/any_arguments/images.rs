//! Images.

use super::{Draw, each_draw};
use crate::random::Stream;
use crate::{DType, Device, Padding, Tensor};

#[test]
fn images() {
    use crate::image::{
        self, Affine, Borders, Clahe, DataFormat, Elastic, ExtractPatches, FillMode, Interpolation, Number,
        PixelFunction, Resize,
    };
    struct Square;
    impl PixelFunction<3, 3> for Square {
        fn apply<S: Number>(&self, color: [S; 3]) -> [S; 3] {
            color.map(|x| x * x)
        }
    }
    let format = |draw: &mut Draw| draw.of(&[DataFormat::ChannelsLast, DataFormat::ChannelsFirst]);
    let interpolation = |draw: &mut Draw| Interpolation::by_name(draw.of(Interpolation::NAMES)).unwrap();
    let mode = |draw: &mut Draw| FillMode::by_name(draw.of(FillMode::NAMES)).unwrap();
    let affine = |draw: &mut Draw| Affine {
        interpolation: draw.of(&[
            Interpolation::Nearest,
            Interpolation::Bilinear,
            Interpolation::Bilinear,
            Interpolation::Area,
        ]),
        fill_mode: mode(draw),
        fill_value: draw.number(),
        data_format: format(draw),
    };
    let images = |draw: &mut Draw| {
        let shape: Vec<usize> = (0..draw.of(&[3, 4, 4])).map(|_| draw.size()).collect();
        let dtype = draw.dtype();
        draw.operand(&shape, dtype)
    };
    let batch = |x: &Tensor| if x.rank() == 4 { x.dims()[0].min(100) } else { 1 };
    let same = |x: &Tensor, y: Tensor| Ok(vec![(y, Some(x.dims().to_vec()))]);
    each_draw("resize", 3000, |draw| {
        let x = images(draw);
        let arguments = Resize {
            size: [draw.size(), draw.size()],
            interpolation: interpolation(draw),
            antialias: draw.one_in(2),
            crop_to_aspect_ratio: draw.one_in(4),
            pad_to_aspect_ratio: draw.one_in(4),
            fill_value: draw.number(),
            data_format: format(draw),
        };
        Ok(vec![(image::resize(&x, &arguments)?, None)])
    });
    each_draw("warp", 2000, |draw| {
        let (x, arguments) = (images(draw), affine(draw));
        let transforms =
            (0..if draw.one_in(3) { 1 } else { batch(&x) }).map(|_| [0; 8].map(|_| draw.number())).collect();
        same(&x, image::warp(&x, transforms, &arguments)?)
    });
    each_draw("affine_transform", 1000, |draw| {
        let (x, arguments) = (images(draw), affine(draw));
        let transform = draw.tensor(&[batch(&x), 8], DType::F32);
        same(&x, image::affine_transform(&x, &transform, &arguments)?)
    });
    each_draw("perspective_transform", 1000, |draw| {
        let (x, arguments) = (images(draw), affine(draw));
        let corners = Tensor::new(&[[0f32, 0.], [3., 0.], [0., 2.], [3., 2.]], &Device::Cpu)?;
        let end = if draw.one_in(3) { draw.tensor(&[4, 2], DType::F32) } else { (&corners * 1.5)? };
        same(&x, image::perspective_transform(&x, &corners, &end, &arguments)?)
    });
    each_draw("map_coordinates", 2000, |draw| {
        let (x, count) = (images(draw), draw.size());
        let places = draw.tensor(&[x.rank(), count], DType::F32);
        let y = image::map_coordinates(&x, &places, draw.below(2), mode(draw), draw.number())?;
        Ok(vec![(y, Some(places.dims()[1..].to_vec()))])
    });
    each_draw("flip", 1000, |draw| {
        let x = images(draw);
        let flips = (0..batch(&x)).map(|_| draw.one_in(2)).collect();
        same(&x, image::flip(&x, flips, draw.one_in(2), draw.one_in(2), format(draw))?)
    });
    each_draw("adjust_contrast", 1000, |draw| {
        let x = images(draw);
        let factors: Vec<f64> = (0..batch(&x)).map(|_| draw.number()).collect();
        same(&x, image::adjust_contrast(&x, &factors, (draw.number(), draw.number()), format(draw))?)
    });
    each_draw("colors", 3000, |draw| {
        let (mut shape, dtype, data_format) = (vec![draw.size(), draw.size(), draw.size()], draw.dtype(), format(draw));
        shape.insert(
            if data_format == DataFormat::ChannelsLast { 3 } else { 1 },
            if draw.one_in(9) { draw.size() } else { 3 },
        );
        let x = draw.operand(&shape, dtype);
        match draw.below(8) {
            0 => Ok(vec![(image::rgb_to_grayscale(&x, data_format)?, None)]),
            1 => same(&x, image::rgb_to_hsv(&x, data_format)?),
            2 => same(&x, image::hsv_to_rgb(&x, data_format)?),
            3 => same(&x, image::rgb_to_yuv(&x)?),
            4 => same(&x, image::yuv_to_rgb(&x)?),
            5 => Ok(vec![(image::central_crop(&x, draw.number())?, None)]),
            6 => Ok(vec![(image::to_fractions(&x)?, None)]),
            _ => same(&x, image::pixelwise(&x, vec![Square])?),
        }
    });
    each_draw("gaussian_blur", 1000, |draw| {
        let (x, sizes) = (images(draw), [draw.size(), draw.size()]);
        same(&x, image::gaussian_blur(&x, sizes, [draw.number().abs(), 1.0], format(draw))?)
    });
    each_draw("elastic_transform", 1000, |draw| {
        let x = images(draw);
        let arguments =
            Elastic { alpha: draw.number(), sigma: draw.of(&[0.3, 1.0, 1.0, 1e30]), sampling: affine(draw) };
        same(&x, image::elastic_transform(&x, &arguments, &mut Stream::new(1, 0))?)
    });
    each_draw("crop_images and pad_images", 4000, |draw| {
        let x = images(draw);
        let mut some = || draw.one_in(2).then(|| draw.below(3));
        let [top, bottom, left, right] = [some(), some(), some(), some()];
        let size =
            |draw: &mut Draw, a: Option<usize>, b: Option<usize>| (a.is_none() || b.is_none()).then(|| draw.size());
        let (target_height, target_width) = (size(draw, top, bottom), size(draw, left, right));
        let borders = Borders { top, bottom, left, right, target_height, target_width };
        let y = match draw.one_in(2) {
            true => image::crop_images(&x, &borders, format(draw))?,
            false => image::pad_images(&x, &borders, format(draw))?,
        };
        Ok(vec![(y, None)])
    });
    each_draw("extract_patches", 2000, |draw| {
        let arguments = ExtractPatches {
            size: [draw.size(), draw.size()],
            strides: draw.one_in(2).then(|| [draw.size(), draw.size()]),
            dilation_rate: draw.size(),
            padding: draw.of(&[Padding::Valid, Padding::Same]),
            data_format: format(draw),
        };
        Ok(vec![(image::extract_patches(&images(draw), &arguments)?, None)])
    });
    each_draw("equalize and clahe", 1000, |draw| {
        let (x, data_format) = (images(draw), format(draw));
        if draw.one_in(2) {
            return same(&x, image::equalize(&x, draw.size(), data_format)?);
        }
        let arguments = Clahe { clip_limit: draw.number(), tile_grid_size: [draw.size(), draw.size()], data_format };
        same(&x, image::clahe(&x, &arguments)?)
    });
}
