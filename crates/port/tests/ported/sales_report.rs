// Ported from sales_report.py.
// Forecasts the sales of small shops, and writes what it found as JSON and CSV.

use candle_keras::candle_core::IndexOp;
use candle_keras::data::ToTensor;
use candle_keras::layers::Dense;
use candle_keras::optimizers::Adam;
use candle_keras::prelude::*;
use candle_keras::{Error, numpy, ops, python, utils};
use indexmap::IndexMap;
use ndarray::Array1;
use serde_json::json;
use std::path::Path;

const WINDOW: usize = 5;

fn main() -> Result<()> {
    numpy::random::seed(4);
    utils::set_random_seed(4);

    let shops = vec!["north", "south", "east"];
    let goods = vec!["tea", "coffee", "bread", "milk"];

    let count = write_sales("sales.csv", 40, &shops, &goods)?;
    println!("rows written: {count}");

    let mut by_shop = IndexMap::<String, Vec<i64>>::new();
    let mut per_item = IndexMap::<String, i64>::new();
    let mut sold = IndexMap::<(String, String), i64>::new();
    let file = python::files::read("sales.csv")?;
    for row in python::tables::records(&file, ',')? {
        let amount = row["amount"].trim().parse::<i64>().map_err(|error| Error::new(error.to_string()))?;
        by_shop.entry(row["shop"].clone()).or_default().push(amount);
        *per_item.entry(row["item"].clone()).or_default() += amount;
        *sold.entry((row["shop"].clone(), row["item"].clone())).or_default() += amount;
    }

    for (shop, amounts) in &by_shop {
        println!("{shop} {} {} {}", amounts.len(), amounts.iter().sum::<i64>(), amounts.iter().copied().max().ok_or_else(|| Error::new("max of nothing"))?);
    }
    for item in { let mut list = per_item.keys().cloned().collect::<Vec<String>>(); list.sort_by_key(|x| per_item[x]); list } {
        println!("{item} {}", per_item[&item]);
    }
    for (pair, total) in python::most_common(&sold, 3) {
        println!("{} {} {total}", pair.0, pair.1);
    }

    // The first column is the day, and so on.
    let file = python::files::read("sales.csv")?;
    let mut reader = python::tables::rows(&file, ',')?;
    let header = reader.remove(0);
    let days = reader.iter().map(|row| Ok::<_, Error>(row[0].trim().parse::<i64>().map_err(|error| Error::new(error.to_string()))?)).collect::<Result<Vec<i64>>>()?;
    println!("{header:?} {} {}", days[days.len() - 1], days.len());

    let mut totals = Array1::<f64>::zeros(40);
    let file = python::files::read("sales.csv")?;
    for row in python::tables::records(&file, ',')? {
        let place0 = python::place(row["day"].trim().parse::<i64>().map_err(|error| Error::new(error.to_string()))?, totals.shape()[0])?;
        totals[[place0]] += row["amount"].trim().parse::<f64>().map_err(|error| Error::new(error.to_string()))?;
    }
    println!("first totals: {} last: {}", numpy::array_str(&totals.to_tensor()?.i(..3)?)?, numpy::array_str(&totals.to_tensor()?.i(totals.to_tensor()?.dim(0)? - 1)?)?);

    let mut recent = Vec::new();
    let (mut samples, mut targets) = (vec![], vec![]);
    for value in numpy::rows(&ops::divide(&totals.to_tensor()?, &Tensor::new(200.0, &Device::Cpu)?)?)? {
        if recent.len() == WINDOW {
            samples.push(recent.to_vec());
            targets.push(value.clone());
        }
        recent.push(value.clone());
        if recent.len() > WINDOW {
            recent.remove(0);
        }
    }
    let x = Tensor::stack(&samples.iter().map(|row| Tensor::stack(row, 0)).collect::<candle_keras::candle_core::Result<Vec<_>>>()?, 0)?.to_dtype(DType::F32)?;
    let y = Tensor::stack(&targets, 0)?.to_dtype(DType::F32)?;
    println!("{:?} {:?} {:.4}", x.dims(), y.dims(), ops::mean(&x, ())?.to_dtype(DType::F64)?.to_scalar::<f64>()?);

    let mut model = Sequential::new(layers![
        Input::shape([WINDOW]),
        Dense::new(16).activation("tanh"),
        Dense::new(1),
    ]);
    model.compile(Adam::new().learning_rate(0.01), Compile::loss("mse").metrics(["mae"]))?;
    let history = model.fit(&x, &y, Fit::new().epochs(8).batch_size(7).verbose(0))?;
    let results = model.evaluate_with(&x, &y, Evaluate::new().verbose(0))?;

    let report = json!({ "shops": shops, "window": WINDOW, "loss": python::round(results["loss"], 3), "best": { "shop": "east", "score": 0.5 }, "final": true });
    let mut file = String::new();
    file.push_str(&python::json::dumps(&report, 2)?);
    python::files::write("report.json", &file)?;
    let mut file = String::new();
    file.push_str(&python::json::dumps(&history.iter().collect::<IndexMap<_, _>>(), None)?);
    python::files::write("history.json", &file)?;
    println!("{}", python::json::dumps(&report, None)?);
    println!("{} {:?}", if Path::new("report.json").metadata().map_err(|error| Error::new(error.to_string()))?.len() as usize > 100 { "True" } else { "False" }, python::slice(&{ let mut list = python::files::listdir(".")?.into_iter().collect::<Vec<String>>(); list.sort(); list }, ..2).to_vec());

    let file = python::files::read("history.json")?;
    let saved = python::json::loads::<IndexMap<String, Vec<f64>>>(&file)?;
    println!("{:?} {} {:?}", { let mut list = saved.keys().cloned().collect::<Vec<String>>(); list.sort(); list }, saved["loss"].len(), python::round(saved["loss"][0], 3));

    let mut order = IndexMap::new();
    order.insert("b", 2);
    order.insert("a", 1);
    for (&name, &place) in &order {
        println!("{name} {place}");
    }
    println!("Done with {} epochs, loss {:.5}", history["loss"].len(), history["loss"][history["loss"].len() - 1]);
    Ok(())
}

fn write_sales(path: &'static str, days: usize, shops: &[&'static str], goods: &[&'static str]) -> Result<usize> {
    // A table with one sale a row.
    let mut rows = vec![];
    for day in 0..days {
        for (s, &shop) in shops.iter().enumerate() {
            for (g, &item) in goods.iter().enumerate() {
                let amount = (10 + 3 * s + 2 * g) as i64 + (5.0 * f64::sin(day as f64 / 3.0 + g as f64)) as i64 + numpy::random::randint_scalar(0, 3)? as usize as i64;
                rows.push(vec![day.to_string(), shop.to_string(), item.to_string(), amount.to_string()]);
            }
        }
    }
    let mut file = String::new();
    file.push_str(&python::tables::line(["day", "shop", "item", "amount"]));
    for row in &rows {
        file.push_str(&python::tables::line(row));
    }
    python::files::write(path, &file)?;
    Ok(rows.len())
}
