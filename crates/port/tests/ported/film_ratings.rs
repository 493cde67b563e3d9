// Ported from film_ratings.py.
// Ratings of films: rows of a table, columns as lists, and vocabularies made of them.

use candle_keras::candle_core::IndexOp;
use candle_keras::data::{Cell, Column, ReadCsv, Table, ToColumn, WriteCsv};
use candle_keras::layers::{Concatenate, Dense, Embedding, Flatten};
use candle_keras::optimizers::Adam;
use candle_keras::prelude::*;
use candle_keras::{Error, data, numpy, ops, python, utils};
use indexmap::IndexMap;

fn main() -> Result<()> {
    numpy::random::seed(3);
    utils::set_random_seed(3);

    let mut file = String::new();
    file.push_str("user,film,genre,minutes,stars\n");
    let users = numpy::random::randint(100, 112, 240)?;
    let films = numpy::random::randint(0, 9, 240)?;
    for i in 0..240 {
        let stars = numpy::add(1, &numpy::mod_(&ops::add(&numpy::multiply(&users.i(i)?, 3)?, &films.i(i)?)?, 5)?)?;
        let genre = (if ops::equal(&numpy::mod_(&films.i(i)?, 3)?, &Tensor::new(0_i64, &Device::Cpu)?)?.to_dtype(DType::F64)?.to_scalar::<f64>()? != 0.0 { "drama" } else { "comedy" }).chars().collect::<Vec<char>>();
        file.push_str(&format!("{},f{},{},{},{}\n", numpy::array_str(&users.i(i)?)?, numpy::array_str(&films.i(i)?)?, genre.iter().collect::<String>(), numpy::array_str(&(80.0 + &(7.5 * films.i(i)?.to_dtype(DType::F64)?)?)?)?, numpy::array_str(&stars)?));
    }
    python::files::write("ratings.csv", &file)?;

    let mut df = data::read_csv("ratings.csv", ReadCsv::new())?;
    println!("{}", df.head(5));

    // Ids that are not from 0 on become places.
    let user_ids = df.column("user")?.unique().cells().collect::<Vec<Cell>>();
    let user_to_index = user_ids.iter().enumerate().map(|(i, x)| (x.clone(), i)).collect::<IndexMap<Cell, usize>>();
    let index_to_user = user_ids.iter().enumerate().map(|(i, x)| (i, x.clone())).collect::<IndexMap<usize, Cell>>();
    let film_ids = df.column("film")?.unique().cells().collect::<Vec<Cell>>();
    let film_to_index = film_ids.iter().enumerate().map(|(place, film)| (film.clone(), place)).collect::<IndexMap<Cell, usize>>();
    df.set("user_index", &df.column("user")?.map(user_to_index.iter().map(|(key, value)| (key, *value)))?)?;
    df.set("film_index", &df.column("film")?.map(film_to_index.iter().map(|(key, value)| (key, *value)))?)?;
    println!("{} {} {user_ids:?}", user_to_index.len(), film_to_index.len());
    println!("{}", numpy::list_str(&{ let mut list = df.column("film")?.unique().cells().collect::<Vec<Cell>>(); list.sort(); list }));
    println!("{} {}", index_to_user[&3], film_to_index[&Cell::from("f4")]);
    println!("first {}, sorted {:?}", user_ids[0], python::slice(&{ let mut list = user_ids.iter().cloned().collect::<Vec<Cell>>(); list.sort(); list }, ..3).to_vec());

    let low = df.column("stars")?.min()?;
    let high = df.column("stars")?.max()?;
    println!("stars from {low:?} to {high:?}");

    // Every film once, with its genre.
    let mut genre_of = IndexMap::new();
    let mut lengths = vec![];
    for (_, row) in df.iterrows() {
        let film = row.get("film")?;
        if !genre_of.contains_key(film) {
            genre_of.insert(film.clone(), row.get("genre")?.clone());
            lengths.push(row.get("minutes")?.clone());
        }
    }
    println!("{} {}", genre_of.len(), genre_of[&Cell::from("f3")]);
    let lengths = lengths.to_column()?;
    println!("{:?} {:?}", (lengths.len(),), ops::mean(&lengths.values()?.to_dtype(DType::F64)?, ())?.to_dtype(DType::F64)?.to_scalar::<f64>()?);

    let mut total = 0.0;
    let mut dramas = 0;
    for row in df.itertuples() {
        if *row.get("genre")? == "drama" {
            dramas += 1;
        }
        total = total + row.get("stars")?.number()? / 2.0;
    }
    println!("dramas: {dramas} half stars: {total:?}");

    for i in 0..3 {
        println!("{i} {} {} {}", df.at(i, "film")?, df.at(i, "stars")?, df.row(i)?.get("genre")?.clone());
    }

    let mut names = vec![];
    for film in df.column("film")?.to_strings() {
        names.push(format!("{}{}", film.to_uppercase(), "!"));
    }
    println!("{:?} {}", python::slice(&names, ..4).to_vec(), names.len());
    let first_letters = df.column("genre")?.cells().map(|genre| Ok::<_, Error>(genre.text()?.chars().next().unwrap())).collect::<Result<Vec<char>>>()?;
    println!("{} {}", first_letters.len(), first_letters.iter().collect::<String>().matches("d").count());

    let liked = df.filter(&df.column("stars")?.isin([4, 5])?)?;
    let others = df.filter(&ops::logical_not(&df.column("film")?.isin(python::slice(&film_ids, ..4))?)?)?;
    println!("{} {}", liked.rows(), others.rows());

    let counts = df.column("genre")?.value_counts()?;
    println!("{:?} {}", counts.column("value")?.cells().collect::<Vec<Cell>>(), numpy::array_str(&counts.column("count")?.values()?)?);
    for (genre, count) in counts.column("value")?.cells().zip(counts.column("count")?.cells()) {
        println!("{genre}: {count}");
    }
    let _vocabulary = counts.column("value")?.cells().collect::<Vec<Cell>>();

    df.set("label", &df.column("user")?.cells().map(|x| format!("user_{x}")).collect::<Vec<String>>().to_column()?)?;
    df.set("long", &df.column("minutes")?.values()?.to_dtype(DType::F64)?.to_vec1::<f64>()?.into_iter().map(|x| usize::from(x > 100.0)).collect::<Vec<usize>>().to_column()?)?;
    df.set("title", &df.iterrows().map(|(_, row)| Ok::<_, Error>(format!("{}{}", format!("{}{}", row.get("film")?.text()?, ", "), row.get("genre")?.text()?))).collect::<Result<Vec<String>>>()?.to_column()?)?;
    println!("{:?} {:?}", python::slice(&df.column("label")?.cells().collect::<Vec<Cell>>(), ..3).to_vec(), python::slice(&df.column("title")?.cells().collect::<Vec<Cell>>(), ..2).to_vec());
    df.pop("label")?;
    println!("{:?}", df.names().to_vec());

    // Two embeddings, and a model of both.
    let x_user = df.column("user_index")?.clone();
    let x_film = df.column("film_index")?.clone();
    let y = numpy::divide(&numpy::subtract(&df.column("stars")?.values()?, low)?, high - low)?;
    let user_in = Input::shape([1]);
    let film_in = Input::shape([1]);
    let a = Flatten::new().call(Embedding::new(user_ids.len(), 8).call(&user_in));
    let b = Flatten::new().call(Embedding::new(film_ids.len(), 8).call(&film_in));
    let h = Concatenate::new().call([&a, &b]);
    let h = Dense::new(16).activation("relu").call(&h);
    let out = Dense::new(1).activation("sigmoid").call(&h);
    let mut model = Model::new([&user_in, &film_in], &out)?;
    model.compile(Adam::new().learning_rate(0.01), "mse")?;
    let history = model.fit([&x_user.values()?, &x_film.values()?], &y, Fit::new().epochs(5).batch_size(32).verbose(0))?;
    println!("loss: {:?}", &history["loss"]);

    let log = Table::new(history.iter().map(|(name, values)| (name, Column::Floats(values.to_vec()))))?;
    log.write_csv("log.csv", WriteCsv::new().sep(';'))?;
    log.write_csv("log.csv", WriteCsv::new().sep(';').header(false).append(true))?;
    let again = data::read_csv("log.csv", ReadCsv::new().sep(';'))?;
    println!("{:?} {:?}", again.shape(), again.column("loss")?.max()?);

    let predicted = model.predict_with([&x_user.iloc(..4)?.values()?, &x_film.iloc(..4)?.values()?], Predict::new().verbose(0))?.flatten_all()?;
    println!("{}", numpy::array_str(&predicted)?);
    python::files::remove("log.csv")?;
    python::files::remove("ratings.csv")?;
    Ok(())
}
