import fc from 'fast-check';
import { anyLinkHeader, wellFormedLinkHeader } from './link-header-properties.ts';
import { anyPageInfo } from './read-page-info-properties.ts';
import { bodyMember, queryParameter } from './request-parts-properties.ts';

/** What holds of any input; `npm test` tries each a thousand times, a script may try more. */
export const pagingProperties: Readonly<Record<string, (numRuns: number) => void>> = {
  'a Link header of any text gives links, and what it leads to is http, https or nothing': checking(
    anyLinkHeader(),
  ),
  'a well-formed Link header gives what was written into it': checking(wellFormedLinkHeader()),
  'a parameter that was set is read back, and the others keep their bytes': checking(
    queryParameter(),
  ),
  'a body member that was set is there, and all other bytes stay': checking(bodyMember()),
  'a pageInfo is read from any JSON, and a style takes any pageInfo': checking(anyPageInfo()),
};

function checking<T>(property: fc.IProperty<T>): (numRuns: number) => void {
  return (numRuns) => fc.assert(property, { numRuns });
}
