// Ported from column_values.py.
// Columns of a table as lists, keys and texts.

use candle_keras::data::{Cell, Table, ToColumn};
use candle_keras::prelude::*;
use candle_keras::{Error, numpy};
use indexmap::IndexMap;
use std::collections::BTreeSet;
use std::path::Path;

fn main() -> Result<()> {
    let mut df = Table::new([("id", vec![7, 3, 9, 3, 5].to_column()?), ("name", vec!["ann", "bob", "cid", "bob", "eve"].to_column()?), ("x", vec![0.5, 1.25, -2.0, 4.0, 8.5].to_column()?), ("flag", vec![1, 0, 1, 1, 0].to_column()?)])?;
    let mut pairs = IndexMap::new();
    for (a, b) in df.column("id")?.cells().zip(df.column("name")?.cells()) {
        pairs.insert(a.clone(), b.clone());
    }
    println!("{pairs:?}");
    let lookup = df.column("name")?.cells().zip(df.column("x")?.cells()).collect::<IndexMap<Cell, Cell>>();
    println!("{} {}", lookup[&Cell::from("bob")], lookup.len());
    println!("{} {:?}", df.column("name")?.cells().collect::<BTreeSet<Cell>>().len(), df.column("id")?.cells().collect::<BTreeSet<Cell>>().into_iter().collect::<Vec<Cell>>());
    let mut rows = vec![];
    let mut labels = vec![];
    for (i, row) in df.iterrows() {
        if *row.get("flag")? == 1 && row.get("x")?.number()? > 0.0 {
            rows.push(vec![row.get("id")?.clone(), row.get("x")?.clone()]);
            labels.push(row.get("flag")?.clone());
        }
        println!("{i} {}{} {} {:.2} {} {:?} {}", row.get("id")?.to_string(), ".jpg", Path::new("images").join(row.get("name")?.text()?).display(), row.get("x")?.number()?, (row.get("id")? * 2)?, row.get("x")?.number()? / 2.0, row.get("x")?.to_i64()?);
    }
    let rows = rows.concat().to_column()?.values()?.reshape((rows.len(), ()))?;
    let labels = labels.to_column()?;
    println!("{} {:?} {}", numpy::array_str(&rows)?, rows.dims(), numpy::array_str(&labels.values()?)?);
    for (i, v) in df.column("x")?.cells().enumerate() {
        if v.number()? < 0.0 {
            println!("negative {i} {v}");
        }
    }
    let mut total = 0;
    for v in df.column("flag")?.cells() {
        if v == 1 {
            total += 1;
        }
    }
    println!("{total}");
    let doubled = df.column("id")?.cells().map(|v| Ok::<_, Error>((&v * 2)?)).collect::<Result<Vec<Cell>>>()?;
    println!("{doubled:?}");
    let squares = df.column("x")?.cells().map(|v| Ok::<_, Error>(f64::powf(v.to_f64()?, 2.0))).collect::<Result<Vec<f64>>>()?;
    println!("{squares:?}");
    println!("{:?}", df.column("name")?.to_strings().into_iter().filter(|n| n.starts_with("b")).collect::<Vec<String>>());
    println!("{:?}", df.column("name")?.cells().filter(|n| *n != "bob").collect::<Vec<Cell>>());
    let known = vec!["ann", "eve"];
    println!("{:?} {}", df.filter(&df.column("name")?.isin(known.iter().copied())?)?.shape(), df.column("name")?.isin(known.iter().copied())?.to_dtype(DType::I64)?.sum_all()?.to_scalar::<i64>()? as usize);
    println!("{} {}", df.column("x")?.cells().collect::<Vec<Cell>>().into_iter().collect::<Vec<Cell>>().into_iter().max().ok_or_else(|| Error::new("max of nothing"))?, df.column("id")?.cells().collect::<Vec<Cell>>().into_iter().collect::<Vec<Cell>>().into_iter().min().ok_or_else(|| Error::new("min of nothing"))?);
    let ids = df.column("id")?.cells().collect::<Vec<Cell>>();
    println!("{ids:?} {}", ids.iter().filter(|&x| *x == 3).count());
    let numbers = df.column("id")?.unique();
    println!("{} {}", numbers.len(), numpy::array_str(&numbers.values()?)?);
    let mut best = "".to_string();
    for n in df.column("name")?.cells() {
        if n.text()? > &best[..] {
            best = n.clone().text()?.to_string();
        }
    }
    println!("{best}");
    println!("{} {} {}", df.column("x")?.get(0)?, df.column("x")?.get(df.column("x")?.len() - 1)?, df.column("name")?.get(1)?);
    println!("{}", df.column("name")?.cells().collect::<Vec<Cell>>().iter().map(|x| Ok::<_, Error>(x.text()?.to_string())).collect::<Result<Vec<String>>>()?.join(" "));
    let lengths = df.column("name")?.cells().map(|n| Ok::<_, Error>(n.text()?.chars().count())).collect::<Result<Vec<usize>>>()?;
    println!("{lengths:?}");
    df.set("y", &df.column("x")?.cells().map(|v| Ok::<_, Error>(((&v * 2)? + 1)?)).collect::<Result<Vec<Cell>>>()?.to_column()?)?;
    println!("{:?}", df.column("y")?.sum()?);
    for k in df.column("name")?.unique().cells() {
        let part = df.filter(&df.column("name")?.equal(&k)?)?;
        println!("{k} {} {:?}", part.rows(), part.column("x")?.mean()?);
    }
    let codes = { let mut list = df.column("name")?.unique().cells().collect::<Vec<Cell>>(); list.sort(); list }.into_iter().enumerate().map(|(i, name)| (name, i)).collect::<IndexMap<Cell, usize>>();
    df.set("code", &df.column("name")?.map(codes.iter().map(|(key, value)| (key, *value)))?)?;
    println!("{:?} {}", df.column("code")?.cells().collect::<Vec<Cell>>(), codes[&Cell::from("eve")]);
    println!("{df}");
    Ok(())
}
