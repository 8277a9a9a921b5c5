"""python3 pandas_csv.py RECORDS.ndjson ITEMS.csv: what a script with pandas does, in parts that fit into memory."""
import sys

import pandas

records, csv = sys.argv[1:]
parts = pandas.read_json(records, lines=True, chunksize=50_000)
for number, part in enumerate(parts):
    part.to_csv(csv, mode="a", header=number == 0, index=False)
