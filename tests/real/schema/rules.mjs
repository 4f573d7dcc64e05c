// A JSON Schema as a flat list of paths, each with one small rule. What the schema of a config needs and no more: a
// form that is not known here stops the run, so that nothing is left out silently.
//
// A rule is one of
//   {"type": "any" | "string" | "boolean" | "number" | "integer" | "words" | "secret" | "list" | "object", …}
//   string: "min", "max" (characters), "pattern", "format"; number, integer: "min", "max", "above" (exclusive)
//   words: "words", the allowed values as they are written (false is one of them in places)
//   list: "of", a rule; object: "closed" (an unknown key is refused), "needs" (required keys)
//   {"type": "one", "of": [rule, …]}: any of these
// A secret is a string or a reference: {source, provider, id}. `sources` lists the sources that the release knows.
// The keys of an object follow as paths of their own; `*` stands for a key that the user names, `[]` for an item of a list
// of objects.

const NOISE = new Set(["$schema", "title", "description", "default", "examples", "deprecated", "id", "propertyNames"]);
const UNBOUNDED = 9007199254740991;

const known = (schema, keys) => {
  for (const key of Object.keys(schema)) {
    if (!NOISE.has(key) && !keys.includes(key)) throw new Error(`a schema with ${key}: ${JSON.stringify(schema).slice(0, 300)}`);
  }
};

const without = (object) => Object.fromEntries(Object.entries(object).filter(([, value]) => value !== undefined));

/** `{source, provider, id}` in one of its forms, or undefined. */
function sourcesOf(schema) {
  const forms = schema.oneOf ?? schema.anyOf;
  if (forms !== undefined) {
    const found = forms.map(sourcesOf);
    return found.includes(undefined) ? undefined : found.flat();
  }
  const { source, provider, id } = schema.properties ?? {};
  return source && provider && id ? [source.const ?? source.enum] : undefined;
}

function choice(forms, at) {
  const refs = forms.filter((each) => sourcesOf(each) !== undefined);
  if (refs.length > 0 && forms.length === refs.length + 1 && forms.some((each) => each.type === "string")) {
    return { type: "secret", sources: refs.flatMap(sourcesOf) };
  }
  if (forms.every((each) => each.const !== undefined || each.enum !== undefined)) {
    return { type: "words", words: forms.flatMap((each) => each.enum ?? [each.const]) };
  }
  const rules = forms.map((each) => rule(each, at));
  return rules.length === 1 ? rules[0] : { type: "one", of: rules };
}

const number = (value) => (Math.abs(value ?? UNBOUNDED) === UNBOUNDED ? undefined : value);

/** The rule of one schema; what lies under an object in it is passed to `at` as (key, schema). */
export function rule(schema, at) {
  if (schema === true || Object.keys(schema).every((key) => NOISE.has(key))) return { type: "any" };
  const forms = schema.anyOf ?? schema.oneOf;
  if (forms !== undefined) return choice(forms, at);
  if (schema.enum !== undefined) return { type: "words", words: schema.enum };
  if (schema.const !== undefined) return { type: "words", words: [schema.const] };
  if (schema.allOf?.length === 1) return rule(schema.allOf[0], at);
  // Several patterns of one text, and what refers to itself or depends on a neighbour, are not checked further.
  if (schema.allOf?.every((each) => each.type === "string" || each.pattern !== undefined)) return { type: "string" };
  if (schema.$defs !== undefined || schema.$ref !== undefined || schema.allOf !== undefined || schema.not !== undefined) return { type: "any" };
  if (Array.isArray(schema.type)) return choice(schema.type.map((type) => ({ ...schema, type })), at);
  switch (schema.type) {
    case "boolean":
    case "null":
      return { type: schema.type };
    case "string":
      known(schema, ["type", "minLength", "maxLength", "pattern", "format"]);
      return without({ type: "string", min: schema.minLength, max: schema.maxLength, pattern: schema.pattern, format: schema.format });
    case "number":
    case "integer":
      known(schema, ["type", "minimum", "maximum", "exclusiveMinimum"]);
      return without({ type: schema.type, min: number(schema.minimum), max: number(schema.maximum), above: number(schema.exclusiveMinimum) });
    case "array":
      if (Array.isArray(schema.items) || schema.prefixItems !== undefined) return { type: "list" };
      known(schema, ["type", "items", "minItems", "maxItems", "uniqueItems"]);
      const limits = { min: schema.minItems, max: schema.maxItems };
      // What stands in an object has a path; a list of texts or words is one rule.
      if (/"properties"/.test(JSON.stringify(schema.items ?? true))) {
        at("[]", schema.items);
        return without({ type: "list", ...limits });
      }
      return without({ type: "list", of: rule(schema.items ?? true, at), ...limits });
    case "object": {
      known(schema, ["type", "properties", "required", "additionalProperties", "minProperties", "maxProperties"]);
      for (const [key, value] of Object.entries(schema.properties ?? {})) at(key, value);
      const others = schema.additionalProperties;
      if (typeof others === "object" && Object.keys(others).length > 0) at("*", others);
      // What has a default is filled in.
      const required = schema.required?.filter((key) => schema.properties?.[key]?.default === undefined);
      const needs = required?.length > 0 ? required : undefined;
      return without({ type: "object", closed: others === false || undefined, needs });
    }
    default:
      throw new Error(`a schema of no known form: ${JSON.stringify(schema).slice(0, 300)}`);
  }
}

/** Every path below `schema` with its rule. */
export function flatten(schema, path) {
  const rows = new Map();
  const walk = (each, name) => {
    const found = rule(each, (key, value) => walk(value, `${name}.${key}`));
    const held = rows.get(name);
    // The same key in several forms of one object: any of them.
    if (held === undefined) rows.set(name, found);
    else if (JSON.stringify(held) !== JSON.stringify(found)) rows.set(name, { type: "one", of: [...new Map([...(held.type === "one" ? held.of : [held]), found].map((form) => [JSON.stringify(form), form])).values()] });
  };
  walk(schema, path);
  return [...rows];
}
