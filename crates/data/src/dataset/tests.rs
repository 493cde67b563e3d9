use super::*;
use candle_core::Device;
use std::sync::atomic::{AtomicUsize, Ordering};

fn numbers(dataset: &Dataset, seed: u64, from: usize) -> Vec<f32> {
    let elements = dataset.elements(&Stream::new(seed, 0), from).unwrap();
    elements.flat_map(|element| element.unwrap().x[0].flatten_all().unwrap().to_vec1::<f32>().unwrap()).collect()
}

fn counting(count: usize) -> Dataset {
    Dataset::from_fn(count, |i| Tensor::full(i as f32, 1, &Device::Cpu))
}

fn arrays(count: usize) -> Dataset {
    Dataset::from_tensor_slices(Tensor::arange(0f32, count as f32, &Device::Cpu).unwrap()).unwrap()
}

fn generated(count: usize) -> Dataset {
    Dataset::from_generator(move || (0..count).map(|i| vec![i as f32]))
}

#[test]
fn batches_of_arrays_are_views_or_gathered() {
    let (a, b) = (vec![0u32, 1, 2, 3, 4], vec![[0f32, 1.], [2., 3.], [4., 5.], [6., 7.], [8., 9.]]);
    let dataset = Dataset::from_tensor_slices((a, b)).unwrap();
    assert_eq!(dataset.batch(2).cardinality(), Cardinality::Finite(3));
    let last = dataset.batch(2).elements(&Stream::new(0, 0), 2).unwrap().next().unwrap().unwrap();
    assert_eq!(
        (last.x[0].to_vec1::<u32>().unwrap(), last.y[0].to_vec2::<f32>().unwrap()),
        (vec![4], vec![vec![8., 9.]])
    );
    let ordered = dataset.in_order(vec![3, 1]).unwrap().batch(2).iter().unwrap().next().unwrap().unwrap();
    assert_eq!(ordered.x[0].to_vec1::<u32>().unwrap(), [3, 1]);
    assert_eq!(ordered.y[0].to_vec2::<f32>().unwrap(), [[6., 7.], [2., 3.]]);
}

#[test]
fn arrays_of_different_lengths_are_errors() {
    let error = Dataset::from_tensor_slices((vec![1f32; 5], vec![1f32; 4])).unwrap_err().to_string();
    assert!(error.contains("5 samples") && error.contains("[4] at [1]"), "{error}");
    assert!(Dataset::from_tensor_slices(Vec::<Tensor>::new()).is_err());
    assert!(arrays(3).batch(0).iter().is_err() && generated(3).batch(0).iter().is_err());
    assert!(arrays(3).shuffle(0).iter().is_err());
}

fn noise() -> f32 {
    random::next_stream().uniform_f32(1)[0]
}

fn drawn(count: usize) -> Dataset {
    Dataset::from_fn(count, |i| vec![i as f32 + noise()])
}

/// Numbers drawn when the iterator is created and at each item.
fn drawn_by_iterator(count: usize) -> Dataset {
    Dataset::from_generator(move || {
        let first = noise();
        (0..count).map(move |i| vec![i as f32 + first + noise()])
    })
}

/// For all kinds of datasets: a pass that starts at an element is the rest of a whole pass.
#[test]
fn a_pass_can_start_anywhere() {
    let sources = [arrays(20), counting(20), generated(20), drawn(20), drawn_by_iterator(20)];
    type Adapter = fn(&Dataset) -> Dataset;
    let adapters: [Adapter; 16] = [
        |d| d.clone(),
        |d| d.batch(3),
        |d| d.batch_exact(3),
        |d| d.shuffle(20).batch(3),
        |d| d.shuffle(4).batch(3),
        |d| d.batch(4).shuffle(100),
        |d| d.shuffle(Shuffle::new(7).seed(3).reshuffle_each_iteration(false)),
        |d| d.skip(2).take(13).shuffle(50).batch(2),
        |d| d.repeat(2).batch(7),
        |d| d.filter(|e| Ok(e.x[0].sum_all()?.to_scalar::<f32>()? % 3.0 != 0.0)),
        |d| d.filter(|_| Ok(noise() < 0.7)).batch(2),
        |d| d.map_on(3, |e| Ok((&e.x[0] * 2.0)?)).shuffle(6),
        |d| d.map(|e| Ok((&e.x[0] + random::next_stream().uniform(1)[0])?)).batch(3),
        |d| d.concatenate(&d.take(5)).shuffle(3),
        |d| d.cache().shuffle(5),
        |d| d.shuffle(9).prefetch(3),
    ];
    for (s, source) in sources.iter().enumerate() {
        for (a, adapter) in adapters.iter().enumerate() {
            let dataset = adapter(source);
            let sizes: Vec<usize> =
                dataset.elements(&Stream::new(1, 0), 0).unwrap().map(|e| e.unwrap().x[0].elem_count()).collect();
            if let Some(count) = dataset.cardinality().count() {
                assert_eq!(count, sizes.len(), "source {s}, adapter {a}");
            }
            let whole = numbers(&dataset, 1, 0);
            for from in [0, 1, 3, sizes.len(), sizes.len() + 5] {
                let before: usize = sizes.iter().take(from).sum();
                assert_eq!(numbers(&dataset, 1, from), whole[before..], "source {s}, adapter {a}, from {from}");
            }
        }
    }
}

#[test]
fn shuffled_elements_are_a_permutation() {
    for dataset in [arrays(50).shuffle(50), counting(50).shuffle(50), generated(50).shuffle(10)] {
        let (a, b) = (numbers(&dataset, 1, 0), numbers(&dataset, 2, 0));
        assert!(a != b && a == numbers(&dataset, 1, 0));
        let mut sorted = a.clone();
        sorted.sort_by(f32::total_cmp);
        assert!(sorted != a && sorted == (0..50).map(|i| i as f32).collect::<Vec<_>>());
    }
    // An element is never further ahead than the buffer size.
    let near = numbers(&generated(50).shuffle(5), 3, 0);
    assert!(near.iter().enumerate().all(|(place, &number)| (number as usize) < place + 5));
}

#[test]
fn threads_keep_the_order_and_the_random_numbers() {
    let draw = |e: Batch| -> Result<Tensor> { Ok((&e.x[0] + random::next_stream().uniform(1)[0])?) };
    let one = numbers(&counting(40).map(draw), 5, 0);
    assert_eq!(one, numbers(&counting(40).map_on(4, draw), 5, 0));
    assert_eq!(one, numbers(&counting(40).map(draw).prefetch(2), 5, 0));
    assert_ne!(one, numbers(&counting(40).map(draw), 6, 0));
    for dataset in [drawn(40), drawn_by_iterator(40), counting(40).filter(|_| Ok(noise() < 0.5))] {
        let one = numbers(&dataset.map(Ok), 5, 0);
        assert_eq!(one, numbers(&dataset.map_on(3, Ok).prefetch(2), 5, 0));
        assert_ne!(one, numbers(&dataset.map(Ok), 6, 0));
    }
}

#[test]
fn huge_numbers_of_threads_and_elements_ahead_are_capped() {
    let one = numbers(&drawn(9).map(Ok), 5, 0);
    assert_eq!(one, numbers(&drawn(9).map_on(usize::MAX, Ok).prefetch(usize::MAX), 5, 0));
}

#[test]
fn an_order_beyond_u32_needs_a_buffer() {
    let many = u32::MAX as usize + 5;
    let ends = |dataset: &Dataset| dataset.in_order(vec![0, 4]).map(|ordered| numbers(&ordered, 0, 0));
    let indices = |count: usize| Dataset::from_fn(count, |i| vec![(i % 1000) as f32]);
    assert_eq!(ends(&indices(many).skip(many - 9)), Some(vec![291., 295.]));
    assert_eq!(ends(&indices(many).skip(many - 8)), None);
    assert!(indices(1 << 34).batch(4).in_order(vec![1 << 30]).is_none());
    assert!(indices(1 << 34).batch(1 << 32).in_order(vec![0]).is_none());
}

/// A source whose iterator starts again after its end.
struct Restarting;

fn restarting() -> impl Iterator<Item = Result<Batch>> + Send {
    let mut i = 0;
    std::iter::from_fn(move || {
        i = (i + 1) % 5;
        (i > 0).then(|| vec![i as f32].into_batch())
    })
}

impl Source for Restarting {
    fn elements(&self, _: &Stream, from: usize) -> Result<Elements> {
        Ok(Box::new(restarting().skip(from)))
    }
}

#[test]
fn a_pass_ends_once() {
    for source in [Dataset::from_generator(restarting), Dataset::new(Restarting)] {
        let adapted = [source.batch(3), source.shuffle(3), source.map_on(2, Ok), source.clone(), source.prefetch(2)];
        for (a, dataset) in adapted.iter().enumerate() {
            let mut elements = dataset.iter().unwrap();
            let read = elements.by_ref().take(20).map(|e| e.unwrap().x[0].flatten_all().unwrap().to_vec1::<f32>());
            let mut read: Vec<f32> = read.flat_map(|numbers| numbers.unwrap()).collect();
            read.sort_by(f32::total_cmp);
            assert_eq!((read, elements.next().is_none()), (vec![1., 2., 3., 4.], true), "adapter {a}");
        }
    }
}

#[test]
fn errors_and_panics_are_errors() {
    let fails = |i: usize| if i == 3 { Err(Error::new("no element 3")) } else { Ok(vec![i as f32]) };
    for dataset in [Dataset::from_fn(9, fails), Dataset::from_fn(9, fails).map_on(2, Ok).prefetch(1)] {
        let found: Vec<bool> = dataset.iter().unwrap().map(|element| element.is_ok()).collect();
        assert_eq!(found.iter().filter(|ok| !**ok).count(), 1);
    }
    let panics = |e: Batch| -> Result<Batch> {
        if e.x[0].to_vec1::<f32>()?[0] == 2.0 { panic!("a bad element") } else { Ok(e) }
    };
    assert!(
        counting(5)
            .map_on(2, panics)
            .iter()
            .unwrap()
            .any(|e| e.is_err_and(|e| e.to_string().contains("a bad element")))
    );
    let mut ahead = counting(5).map(panics).prefetch(1).iter().unwrap();
    assert!(ahead.any(|e| e.is_err_and(|e| e.to_string().contains("a bad element"))));
    let shapes = Dataset::from_generator(|| [vec![1f32], vec![1., 2.]]).batch(2).iter().unwrap().next().unwrap();
    assert!(shapes.unwrap_err().to_string().contains("padded_batch"));
    let ragged = Dataset::from_generator(|| [vec![1f32], vec![2., 3.]]).padded_batch(2).iter().unwrap().next();
    assert_eq!(ragged.unwrap().unwrap().x[0].to_vec2::<f32>().unwrap(), [[1., 0.], [2., 3.]]);
}

#[test]
fn a_reader_continues_after_an_error() {
    let fails = |i: usize| if i % 4 == 2 { Err(Error::new("a bad element")) } else { Ok(vec![i as f32]) };
    let good = |dataset: &Dataset, from: usize| -> Vec<Vec<f32>> {
        let elements = dataset.elements(&Stream::new(1, 0), from).unwrap().flatten();
        elements.map(|e| e.x[0].flatten_all().unwrap().to_vec1().unwrap()).collect()
    };
    let dataset = Dataset::from_fn(9, fails);
    assert_eq!(good(&dataset.batch(3), 0), [vec![0., 1., 3.], vec![4., 5., 7.], vec![8.]]);
    assert_eq!(good(&dataset.batch_exact(3), 0), [[0., 1., 3.], [4., 5., 7.]]);
    // A pass that starts behind the errors.
    let whole = good(&dataset.shuffle(2), 0);
    assert_eq!((whole.len(), good(&dataset.shuffle(2), 8)), (7, whole[6..].to_vec()));
}

#[test]
fn cached_elements_are_computed_once() {
    let made = Arc::new(AtomicUsize::new(0));
    let count = made.clone();
    let dataset = counting(10).map(move |e| {
        count.fetch_add(1, Ordering::Relaxed);
        Ok(e)
    });
    let dataset = dataset.cache().batch(2);
    // A pass that is not read to its end caches nothing.
    dataset.iter().unwrap().take(2).for_each(drop);
    for _ in 0..3 {
        assert_eq!(dataset.iter().unwrap().count(), 5);
    }
    assert_eq!(made.load(Ordering::Relaxed), 4 + 10);
    // Any pass caches the same elements, also one that starts within them.
    let cached = || drawn(8).shuffle(8).cache();
    let whole = numbers(&cached(), 1, 0);
    assert_eq!(numbers(&cached(), 2, 3), whole[3..]);
    let resumed = cached();
    for from in [5, 0] {
        assert_eq!(numbers(&resumed, 3, from), whole[from..]);
    }
}

#[test]
fn zipped_repeated_and_infinite() {
    let zipped = arrays(4).zip(&generated(9));
    let first = zipped.batch(4).iter().unwrap().next().unwrap().unwrap();
    assert_eq!((first.x.len(), first.y[0].dims()), (1, &[4, 1][..]));
    assert!(zipped.zip(&arrays(4)).iter().unwrap().next().unwrap().is_err());
    let endless = counting(3).repeat(None);
    assert_eq!(endless.cardinality(), Cardinality::Infinite);
    assert_eq!(endless.take(7).cardinality(), Cardinality::Finite(7));
    assert_eq!(numbers(&endless.take(4), 0, 2), [2., 0.]);
    assert_eq!(generated(0).repeat(None).iter().unwrap().count(), 0);
    assert_eq!(counting(0).repeat(None).iter().unwrap().count(), 0);
    // Each repetition is shuffled by itself.
    let twice = numbers(&counting(20).shuffle(20).repeat(2), 0, 0);
    assert_ne!(twice[..20], twice[20..]);
}
