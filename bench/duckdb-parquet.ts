/** `node bench/duckdb-parquet.ts RECORDS.ndjson ITEMS.parquet THREADS`: DuckDB's own way from JSON to Parquet. */
import { DuckDBInstance } from '@duckdb/node-api';

const [records, parquet, threads] = process.argv.slice(2);
const instance = await DuckDBInstance.create(':memory:', { threads: threads! });
const connection = await instance.connect();
await connection.run(
  `COPY (FROM read_json('${records}')) TO '${parquet}' (FORMAT parquet, COMPRESSION zstd)`,
);
