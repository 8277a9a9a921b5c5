/** Whether a store is named that stands in a bucket (`s3://bucket/prefix`), and no folder. */
export function isS3Url(text: string): boolean {
  return /^s3:/i.test(text);
}
