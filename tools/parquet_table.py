"""Writes tests/pandas with pandas and pyarrow: all types that `read_parquet` reads, in two groups of rows, and an index.

    python tools/parquet_table.py
"""

import datetime
import decimal
import pathlib

import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq

times = [datetime.datetime(2024, 2, 29, 12, 30), None, datetime.datetime(1969, 12, 31, 23, 59, 59, 250000)]
columns = {
    "whole": pa.array([1, -2, 3], pa.int64()),
    "small": pa.array([255, 0, 7], pa.uint8()),
    "large": pa.array([2**32 - 1, 0, 1], pa.uint32()),
    "gaps": pa.array([1, None, 3], pa.int32()),
    "flag": pa.array([True, False, True]),
    "single": pa.array([0.5, None, -1.5], pa.float32()),
    "double": pa.array([0.1, 1e300, float("nan")], pa.float64()),
    "half": pa.array([0.5, 1.0, -2.0], pa.float16()),
    "price": pa.array([decimal.Decimal("12.50"), None, decimal.Decimal("-0.25")], pa.decimal128(9, 2)),
    "text": pa.array(["a", None, "ä"]),
    "kind": pa.array(["cat", "dog", "cat"]).dictionary_encode(),
    "date": pa.array([datetime.date(2024, 2, 29), datetime.date(1900, 1, 1), None]),
    "millis": pa.array(times, pa.timestamp("ms")),
    "micros": pa.array(times, pa.timestamp("us")),
    "nanos": pa.array(times, pa.timestamp("ns")),
    "time": pa.array([datetime.time(23, 59, 58), None, datetime.time(0, 0, 0, 500)]),
    "nothing": pa.nulls(3),
    "list": pa.array([[1, 2], [], None]),
    "struct": pa.array([{"a": 1}, {"a": 2}, None]),
}
frame = pa.table(columns)
indexed = pd.DataFrame({"value": [1, 2, 3]}, index=["x", "y", "z"])
folder = pathlib.Path(__file__).parent.parent / "tests/pandas"
pq.write_table(frame, folder / "table.parquet", row_group_size=2, compression="zstd")
indexed.to_parquet(folder / "indexed.parquet")
