use super::*;
use crate::numpy::random;
use crate::{ArrayToImg, Source, array_to_img};

/// Two images of 4 x 3 pixels.
fn pixels() -> Tensor {
    let numbers: Vec<f32> = (0..24).map(|i| (i * 7 % 31) as f32).collect();
    Tensor::from_vec(numbers, (2, 4, 3, 1), &Device::Cpu).unwrap()
}

fn close(a: &[f32], b: &[f32]) -> bool {
    a.len() == b.len() && a.iter().zip(b).all(|(a, b)| (a - b).abs() < 1e-3)
}

/// The first image, the sum of both, and the next random number, all of Keras 3.15 on SciPy 1.17.
#[test]
fn transformations_are_those_of_keras() {
    let new = ImageDataGenerator::new;
    let cases: [(ImageDataGenerator, [f32; 12], f32, f64); 6] = [
        (
            new().rotation_range(30.0),
            [14.4883, 23.1396, 16.6214, 6.525, 17.175, 21.4241, 17.6869, 13.0958, 19.1662, 29.5651, 7.9495, 10.1598],
            347.08,
            0.040630737001023265,
        ),
        (
            new().width_shift_range(0.3).height_shift_range(2_usize).fill_mode("constant").cval(-1.0),
            [15.8809, 22.8809, 17.8501, 5.8809, 12.8809, 19.8809, 14.8501, 21.8501, 9.8809, -1., -1., -1.],
            218.103,
            0.09355149746544533,
        ),
        (
            new().shear_range(20.0).zoom_range([0.7, 1.4]).fill_mode("reflect"),
            [19.4994, 23.8695, 11.6769, 12., 17.9921, 26., 4.5006, 12.1148, 18.5006, 12.7183, 16.7832, 11.0011],
            373.965,
            0.14537014407540272,
        ),
        (
            new().zoom_range(0.5).fill_mode("wrap").vertical_flip(true).horizontal_flip(true),
            [12.2889, 19.9717, 20.3685, 24.4975, 20.5025, 16.5074, 13.36, 15.3795, 13.6463, 19.9053, 21.5736, 19.7084],
            416.147,
            0.09355149746544533,
        ),
        (
            new().brightness_range([0.5, 2.0]).channel_shift_range(3.0).rescale(0.5),
            [12.5, 17.5, 1., 6., 10.5, 15.5, 1., 4., 8.5, 13.5, 18., 2.],
            160.0,
            0.09355149746544533,
        ),
        (
            new().rotation_range(45.0).interpolation_order(0),
            [12., 12., 29., 2., 19., 26., 30., 16., 26., 6., 6., 16.],
            352.0,
            0.040630737001023265,
        ),
    ];
    for (i, (generator, first, sum, next)) in cases.into_iter().enumerate() {
        random::seed(3);
        let flow = generator.flow(pixels(), (), Flow::new().batch_size(2)).unwrap();
        let x = flow.next_batch().unwrap().x.swap_remove(0);
        let numbers: Vec<f32> = x.flatten_all().unwrap().to_vec1().unwrap();
        assert!(close(&numbers[..12], &first), "case {i}: {numbers:?}");
        assert!((numbers.iter().sum::<f32>() - sum).abs() < 0.05, "case {i}");
        assert_eq!(random::rand_scalar(), next, "case {i}");
    }
}

#[test]
fn images_are_normalized() {
    let mut generator = ImageDataGenerator::new().featurewise_std_normalization(true);
    assert!(generator.flow(pixels(), (), Flow::new()).unwrap_err().to_string().contains("fit"));
    generator.fit(pixels()).unwrap();
    let of = |generator: &ImageDataGenerator| {
        let flow = generator.flow(pixels(), (), Flow::new().shuffle(false)).unwrap();
        flow.next_batch().unwrap().x.swap_remove(0).flatten_all().unwrap().to_vec1::<f32>().unwrap()
    };
    let x = of(&generator);
    let mean = x.iter().sum::<f32>() / 24.0;
    let variance = x.iter().map(|x| (x - mean).powi(2)).sum::<f32>() / 24.0;
    assert!(mean.abs() < 1e-5 && (variance - 1.0).abs() < 1e-4);
    let x = of(&ImageDataGenerator::new().samplewise_center(true));
    assert!(x[..12].iter().sum::<f32>().abs() < 1e-4 && x[12..].iter().sum::<f32>().abs() < 1e-4);
    let x = of(&ImageDataGenerator::new().rescale(2.0).preprocessing_function(|x| Ok((x + 1.0)?)));
    assert_eq!(x[..3], [2., 16., 30.]);
}

#[test]
fn a_pass_has_each_image_once_and_looking_at_it_draws_nothing() {
    random::seed(0);
    let y: Vec<f32> = vec![0., 1.];
    let flow = ImageDataGenerator::new().flow(pixels(), &y, Flow::new().batch_size(1)).unwrap();
    let data = flow.dataset();
    let expected = {
        random::seed(1);
        random::rand_scalar()
    };
    random::seed(1);
    let first = data.first(&candle_keras_ops::random::Stream::new(0, 0)).unwrap().unwrap();
    assert_eq!((first.x[0].dims(), random::rand_scalar()), (&[1, 4, 3, 1][..], expected));
    let mut targets: Vec<f32> =
        data.iter().unwrap().map(|batch| batch.unwrap().y[0].to_vec1::<f32>().unwrap()[0]).collect();
    targets.sort_by(f32::total_cmp);
    assert_eq!(targets, y);
}

#[test]
fn folders_have_classes_and_parts() {
    let folder = tempfile::tempdir().unwrap();
    for (class, count) in [("a", 4), ("b", 6)] {
        std::fs::create_dir(folder.path().join(class)).unwrap();
        for i in 0..count {
            let image =
                array_to_img(&Tensor::full(i as f32, (3, 2, 3), &Device::Cpu).unwrap(), ArrayToImg::new().scale(false));
            image.unwrap().save(folder.path().join(class).join(format!("{i}.png"))).unwrap();
        }
    }
    let generator = ImageDataGenerator::new().validation_split(0.5);
    let arguments = FlowFromDirectory::new().target_size([3, 2]).shuffle(false).batch_size(10);
    let flow = |part| generator.flow_from_directory(folder.path(), arguments.clone().subset(part)).unwrap();
    let (train, validation) = (flow("training"), flow("validation"));
    assert_eq!(
        (train.samples(), train.class_names(), validation.classes()),
        (5, &["a".to_string(), "b".into()][..], &[0, 0, 1, 1, 1][..])
    );
    let batch = train.next_batch().unwrap();
    assert_eq!(batch.y[0].to_vec2::<f32>().unwrap()[1..3], [[1., 0.], [0., 1.]]);
    let numbers: Vec<f32> = batch.x[0].flatten_all().unwrap().to_vec1().unwrap();
    assert_eq!(numbers.chunks(18).map(|image| image[0]).collect::<Vec<_>>(), [2., 3., 3., 4., 5.]);
    let wrong = generator.flow_from_directory(folder.path(), FlowFromDirectory::new().class_mode("onehot"));
    assert!(wrong.unwrap_err().to_string().contains("class_mode"));
}
