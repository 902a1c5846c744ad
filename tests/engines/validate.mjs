// What asl-validator finds in each of the definitions that stdin holds as one JSON list: `node validate.mjs FOLDER`,
// where FOLDER holds node_modules. Writes a list of texts, empty where nothing is wrong.

import { createRequire } from "node:module";
import { text } from "node:stream/consumers";

const require = createRequire(`${process.argv[2]}/`);
const validate = require("asl-validator");

const definitions = JSON.parse(await text(process.stdin));
const found = definitions.map((definition) => {
  const { isValid, errorsText } = validate(definition, { checkArn: true, checkPaths: true });
  return isValid ? "" : errorsText("\n") || "not valid";
});
process.stdout.write(JSON.stringify(found));
