// Reads {schemas: {name: schema}, samples: [{schema: name, value}]} and writes whether each sample is valid. It ends with an error
// if ajv doesn't take a schema.
import { readFileSync } from 'node:fs'
import { createRequire } from 'node:module'

// The packages are installed in another folder, the argument.
const Ajv = createRequire(process.argv[2] + '/')('ajv/dist/2020').default
const { schemas, samples } = JSON.parse(readFileSync(0, 'utf8'))
const ajv = new Ajv({ strictTypes: false, validateFormats: false })
const validate = Object.fromEntries(Object.entries(schemas).map(([name, schema]) => [name, ajv.compile(schema)]))
console.log(JSON.stringify(samples.map(({ schema, value }) => validate[schema](value))))
