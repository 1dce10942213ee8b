/** Writes the types of the CLI's client, made from the API's own description. */
import { mkdir, writeFile } from 'node:fs/promises';
import openapiTS, { astToString } from 'openapi-typescript';
import { openapiText } from '../controller/north/openapi-document.ts';

const target = new URL('../controller/cli/gen/api.ts', import.meta.url);
const types = await openapiTS(await openapiText(), {
  // A type for each schema by its own name.
  rootTypes: true,
  rootTypesNoSchemaPrefix: true,
  // What has a default may be left out.
  defaultNonNullable: false,
});
await mkdir(new URL('.', target), { recursive: true });
await writeFile(target, astToString(types));
