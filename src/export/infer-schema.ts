import { createInference, type RecordSchema } from '../schema/schema.ts';
import type { PageSource } from './format.ts';
import { createRecordTaker } from './page-records.ts';

/** The types of all records that an export writes. */
export async function inferSchema(
  pages: PageSource,
  selection: string | null,
): Promise<RecordSchema> {
  const inference = createInference();
  const take = createRecordTaker(selection);
  for await (const page of pages()) {
    const { source, spans } = take(page);
    for (let at = 0; at < spans.length; at += 2) inference.add(source, spans[at]!);
  }
  return inference.schema();
}
