// Ported from parts_of_tables.py.
// Rows of a table by their places and numbers, and files of tables.

use candle_keras::data::{Cell, ReadCsv, Table, ToColumn, WriteCsv};
use candle_keras::prelude::*;
use candle_keras::{Error, data, numpy, python};
use indexmap::IndexMap;
use std::collections::BTreeSet;

fn main() -> Result<()> {
    let mut df = Table::new([("a", vec![3, 1, 2, 5].to_column()?), ("b", vec!["x", "y", "x", "z"].to_column()?)])?;
    let keep = vec![2, 0];
    println!("{}", df.take(&keep)?);
    println!("{:?}", df.take(&[1, 3])?.column("b")?.cells().collect::<Vec<Cell>>());
    for i in 0..df.rows() {
        if df.at(i, "b")? == "x" {
            println!("{i} {} {}", (df.at(i, "a")? + 1)?, (df.row(i)?.get("a")?.clone() - 1)?);
        }
    }
    let part = df.filter(&df.column("a")?.greater(1)?)?;
    for i in part.index() {
        println!("{i} {}", part.at(i, "b")?);
    }
    for c in &df.names().to_vec() {
        df.set(&format!("{}{}", c, "_copy"), &df.column(c)?.clone())?;
    }
    println!("{:?}", df.names().to_vec());
    let vocab = df.column("b")?.cells().collect::<BTreeSet<Cell>>().into_iter().collect::<Vec<Cell>>();
    let index = vocab.iter().enumerate().map(|(i, w)| (w.clone(), i)).collect::<IndexMap<Cell, usize>>();
    df.set("b", &df.column("b")?.cells().map(|w| index[&w]).collect::<Vec<usize>>())?;
    println!("{}", numpy::array_str(&df.column("b")?.values()?)?);
    let mut text = "".to_string();
    for w in &vocab {
        text.push_str(w.text()?);
    }
    println!("{text}");
    df.write_csv("more.csv", WriteCsv::new().index(true))?;
    let again = data::read_csv("more.csv", ReadCsv::new())?;
    println!("{again}");
    df.set("a", &df.column("a")?.shift(1))?;
    println!("{} {:?}", df.column("a")?.isnull()?.to_dtype(DType::I64)?.sum_all()?.to_scalar::<i64>()? as usize, df.dropna().shape());
    let (low, high) = (df.column("b")?.min()?, df.column("b")?.max()?);
    println!("{:?}", df.column("b")?.cells().map(|v| Ok::<_, Error>((v.number()? - low) / (high - low))).collect::<Result<Vec<f64>>>()?);
    println!("{:?} {:?}", df.column("b")?.cells().map(|v| Ok::<_, Error>(v.floor_div(2)?)).collect::<Result<Vec<Cell>>>()?, df.column("b")?.cells().map(|v| Ok::<_, Error>(v.modulo(2)?)).collect::<Result<Vec<Cell>>>()?);
    let price = again.column("a")?.get(1)?;
    println!("{} {} {:?}", Cell::from(100).floor_div(&price)?, Cell::from(100).modulo(&price)?, python::floor_div(price.number()?, 0.3));
    Ok(())
}
