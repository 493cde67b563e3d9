//! The columns of a table.

use super::{Cell, Column, Table, ToColumn};
use candle_core::{DType, Device, Tensor};
use candle_keras_ops::{Error, Result};

impl Table {
    /// Of the columns of an array, with these names. pandas: `DataFrame(x, columns=["a", "b"])`.
    ///
    /// ```
    /// use candle_keras_data::{Column, Table};
    /// use candle_core::{Device, Tensor};
    /// let x = Tensor::new(&[[1i64, 2], [3, 4]], &Device::Cpu)?;
    /// let table = Table::from_array(&x, ["a", "b"])?;
    /// assert_eq!(*table.column("b")?, Column::Integers(vec![2, 4]));
    /// # Ok::<(), candle_keras_data::Error>(())
    /// ```
    ///
    /// # Errors
    /// If the array has not two axes, or another number of columns than there are names.
    pub fn from_array<S: Into<String>>(x: &Tensor, names: impl IntoIterator<Item = S>) -> Result<Self> {
        let (columns, names) = (x.to_columns()?, names.into_iter().map(Into::into).collect::<Vec<String>>());
        if columns.len() != names.len() {
            return Err(Error::new("each column of an array has a name")
                .expected(format!("{} names", columns.len()))
                .received(names.len().to_string()));
        }
        Self::new(names.into_iter().zip(columns))
    }

    /// Of the columns of an array, which are called `"0"`, `"1"` and so on; an array of one axis is one column. pandas: `DataFrame(x)`.
    ///
    /// ```
    /// use candle_keras_data::Table;
    /// use candle_core::{Device, Tensor};
    /// let x = Tensor::new(&[0.5f64, 1.5, 2.5], &Device::Cpu)?;
    /// assert_eq!((Table::numbered(&x)?.shape(), Table::numbered(&x)?.names()), ((3, 1), &["0".to_string()][..]));
    /// # Ok::<(), candle_keras_data::Error>(())
    /// ```
    ///
    /// # Errors
    /// If the array has more than two axes.
    pub fn numbered(x: &Tensor) -> Result<Self> {
        Self::new(x.to_columns()?.into_iter().enumerate().map(|(place, column)| (place.to_string(), column)))
    }

    /// The numbers of rows and columns. pandas: `table.shape`.
    pub fn shape(&self) -> (usize, usize) {
        (self.rows(), self.names.len())
    }

    /// A column by its place. pandas: `table.iloc[:, 0]`.
    ///
    /// # Errors
    /// If there are fewer columns.
    pub fn column_at(&self, place: usize) -> Result<&Column> {
        self.columns.get(place).ok_or_else(|| {
            Error::new("there is no such column")
                .expected(format!("0..{}", self.columns.len()))
                .received(place.to_string())
        })
    }

    /// Without these columns. pandas: `table.drop(columns=["age"])`.
    ///
    /// ```
    /// use candle_keras_data::{Column, Table};
    /// let table = Table::new([("a", Column::Integers(vec![1])), ("b", Column::Integers(vec![2]))])?;
    /// assert_eq!(table.drop(["a"])?.names(), ["b"]);
    /// # Ok::<(), candle_keras_data::Error>(())
    /// ```
    ///
    /// # Errors
    /// If there is none of a name.
    pub fn drop<'a>(&self, names: impl IntoIterator<Item = &'a str>) -> Result<Self> {
        let dropped = names.into_iter().map(|name| self.place(name)).collect::<Result<Vec<_>>>()?;
        let kept = self.names.iter().enumerate().filter(|(place, _)| !dropped.contains(place));
        self.select(kept.map(|(_, name)| name.as_str()))
    }

    /// Gives a column these values, or adds it at the end. pandas: `table["bmi"] = table["weight"] / table["height"] ** 2`.
    ///
    /// ```
    /// use candle_keras_data::{Column, Table};
    /// let mut table = Table::new([("a", Column::Integers(vec![1, 2]))])?;
    /// table.set("b", &[0.5, 1.5])?;
    /// table.set("a", &table.column("a")?.map([(1, "x"), (2, "y")])?)?;
    /// assert_eq!(table.names(), ["a", "b"]);
    /// # Ok::<(), candle_keras_data::Error>(())
    /// ```
    ///
    /// # Errors
    /// If there are not as many values as rows.
    pub fn set(&mut self, name: &str, values: &(impl ToColumn + ?Sized)) -> Result<()> {
        let column = values.to_column()?;
        let Some(place) = self.names.iter().position(|own| own == name) else { return self.push(name, column) };
        if column.len() != self.rows() {
            return Err(Error::new("the columns of a table have the same length")
                .expected(format!("{} rows", self.rows()))
                .received(format!("{} in {name:?}", column.len())));
        }
        self.columns[place] = column;
        Ok(())
    }

    /// All columns side by side: int64 if all are integers, else float64. pandas: `table.values`.
    ///
    /// ```
    /// use candle_keras_data::{Column, Table};
    /// let table = Table::new([("a", Column::Integers(vec![1, 2])), ("b", Column::Floats(vec![0.1, 0.2]))])?;
    /// assert_eq!(table.values()?.to_vec2::<f64>()?, [[1.0, 0.1], [2.0, 0.2]]);
    /// # Ok::<(), candle_keras_data::Error>(())
    /// ```
    ///
    /// # Shapes
    /// `(rows, columns)`
    ///
    /// # Errors
    /// If a column has strings.
    pub fn values(&self) -> Result<Tensor> {
        let mut columns = Vec::new();
        for (name, column) in self.columns() {
            if matches!(column, Column::Strings(_)) {
                return Err(Error::new(format!("column {name:?} has strings"))
                    .expected("numbers")
                    .help("LabelEncoder, get_dummies and map turn strings into numbers"));
            }
            columns.push(column.values()?);
        }
        if columns.is_empty() {
            return Ok(Tensor::zeros((self.rows(), 0), DType::F64, &Device::Cpu)?);
        }
        if columns.iter().any(|column| column.dtype() != DType::I64) {
            columns = columns.iter().map(|column| column.to_dtype(DType::F64)).collect::<candle_core::Result<_>>()?;
        }
        Ok(Tensor::stack(&columns, 1)?.contiguous()?)
    }

    /// With this value in place of each missing one, in the columns of its kind. pandas: `table.fillna(0)`.
    ///
    /// ```
    /// use candle_keras_data::{Column, Table};
    /// let table = Table::new([("a", Column::Floats(vec![f64::NAN, 2.0]))])?;
    /// assert_eq!(*table.fillna(0).column("a")?, Column::Floats(vec![0.0, 2.0]));
    /// # Ok::<(), candle_keras_data::Error>(())
    /// ```
    #[must_use]
    pub fn fillna(&self, value: impl Into<Cell>) -> Self {
        let value = value.into();
        let columns = self.columns.iter().map(|column| column.fillna(value.clone())).collect();
        Self { columns, ..self.clone() }
    }
}
