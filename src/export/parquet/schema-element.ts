/** Numbers of the format (parquet.thrift). */
export const physical = {
  boolean: 0,
  int32: 1,
  int64: 2,
  double: 5,
  byteArray: 6,
  fixed: 7,
} as const;

export const converted = { utf8: 0, list: 3, decimal: 5, date: 6, timestampMicros: 10 } as const;

export const OPTIONAL = 1;
export const REPEATED = 2;

/** A line of the schema in the file. */
export interface SchemaElement {
  readonly name: string;
  readonly repetition?: number;
  readonly type?: number;
  readonly typeLength?: number;
  readonly children?: number;
  readonly converted?: number;
  readonly scale?: number;
  readonly precision?: number;
  readonly isMoment?: boolean;
}
