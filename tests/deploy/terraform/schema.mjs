// The AWS provider's schema, read from the TypeScript sources inside the npm package @cdktf/provider-aws: which resources and data sources there are,
// their attributes with types, and which are required, optional or computed. Only the types that our own files name are read.
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

// The sources are in the modules' inline source maps.
function source(folder, module) {
  const path = join(folder, 'lib', module, 'index.js');
  if (!existsSync(path)) return null;
  const map = /sourceMappingURL=data:application\/json;base64,(\S+)/.exec(readFileSync(path, 'utf8'))[1];
  return JSON.parse(Buffer.from(map, 'base64').toString()).sourcesContent[0];
}

const simple = { String: 'string', Number: 'number', Boolean: 'bool' };
function typeOf(getter) {
  const [, set, element, shape] = /(Fn\.tolist\(this\.)?get(String|Number|Boolean|)(List|Map|)Attribute/.exec(getter) ?? [];
  if (shape === undefined) return ['map', 'string'];
  const inner = simple[element] ?? 'string';
  if (shape === 'Map') return ['map', inner];
  if (shape === 'List') return [set ? 'set' : 'list', inner];
  return inner;
}

function classesOf(text) {
  const classes = new Map();
  for (const [, name, body] of text.matchAll(/^export class (\w+) extends [^{]+\{\n([\s\S]*?)^\}/gm)) classes.set(name, body);
  return classes;
}

// How a nested value is written in a file: as a block (its mapper says true, or it is a single one) or as an attribute.
function nestingOf(text, owner, name) {
  const mapped = new RegExp(`^\\s+${name}: cdktf\\.listMapper\\(\\w+, (true|false)\\)`, 'm').exec(owner + text);
  return mapped?.[1] ?? 'single';
}

function blockOf(text, classes, className, mappers) {
  const block = { attributes: {}, blocks: {} };
  const body = classes.get(className);
  const head = / {2}\/\/ (\w+) - computed: (\w+), optional: (\w+), required: (\w+)\n/;
  const field = /(?: {2}private \w+[?!]?: .*\n)?/;
  const tail = /([\s\S]*?)(?=^ {2}\/\/ \w+ - computed|(?![\s\S]))/;
  const members = body.matchAll(new RegExp(`^${head.source}${field.source}${tail.source}`, 'gm'));
  for (const [, name, computed, optional, required, rest] of members) {
    const flags = { computed: computed === 'true', optional: optional === 'true', required: required === 'true' };
    const nested = /^ {2}private \w+ = new (\w+)\(this, "\w+"(?:, (true|false))?\);/m.exec(rest);
    if (!nested) {
      block.attributes[name] = { type: typeOf(rest), ...flags };
      continue;
    }
    const list = nested[1].endsWith('List');
    const map = nested[1].endsWith('Map');
    const inner = blockOf(text, classes, nested[1].replace(/(List|Map)$/, '') + (list || map ? 'OutputReference' : ''), mappers);
    const mapper = list ? nestingOf(mappers(className), body, name) : 'single';
    const hcl = new RegExp(`^\\s+${name}: \\{\\n\\s+value: [^\\n]+\\n\\s+isBlock: true,\\n\\s+type: "(\\w+)"`, 'm').exec(
      body + mappers(className),
    )?.[1];
    // The same as a type, where it is an attribute.
    const object = ['object', Object.fromEntries(Object.entries(inner.attributes).map(([key, { type }]) => [key, type]))];
    for (const [key, child] of Object.entries(inner.blocks)) object[1][key] = ['list', child.object];
    if (list && mapper !== 'true') {
      // Computed only, or an attribute that is a list of objects.
      block.attributes[name] = { type: [nested[2] === 'true' ? 'set' : 'list', object], ...flags };
      continue;
    }
    if (list)
      block.blocks[name] = {
        nesting: nested[2] === 'true' ? 'set' : 'list',
        min: flags.required ? 1 : 0,
        max: 0,
        block: inner,
        object,
      };
    else
      block.blocks[name] = {
        nesting: hcl === 'struct' ? 'single' : hcl === 'set' ? 'set' : 'list',
        min: flags.required && hcl !== 'struct' ? 1 : 0,
        max: hcl === 'struct' ? 0 : 1,
        block: inner,
        object,
      };
  }
  return block;
}

// aws_vpc is in vpc, data.aws_region in data-aws-region.
export const moduleOf = (name) => (name.startsWith('data.') ? name.replace('.', '-') : name.slice(4)).replaceAll('_', '-');

export function schemaOf(folder, name) {
  const text = source(folder, moduleOf(name));
  if (!text) return null;
  const classes = classesOf(text);
  const main = [...text.matchAll(/^export class (\w+) extends cdktf\.Terraform(?:Resource|DataSource)/gm)][0][1];
  // xToTerraform functions say how a nested class is written.
  const mappers = (className) => {
    const stem = className.replace(/OutputReference$/, '');
    const start = stem[0].toLowerCase() + stem.slice(1);
    return [...text.matchAll(new RegExp(`^export function ${start}To(?:Hcl)?Terraform[\\s\\S]*?^\\}`, 'gm'))].join('\n');
  };
  return blockOf(text, classes, main, mappers);
}

export function providerSchema(folder) {
  const text = source(folder, 'provider');
  const config = /export interface AwsProviderConfig \{([\s\S]*?)^\}/m.exec(text)[1];
  // The provider's own block: only what its settings' documentation links name, all optional.
  const block = { attributes: {}, blocks: {} };
  for (const [, name, type] of config.matchAll(/docs#(\w+) [\s\S]*?readonly \w+\??: ([^;]+);/g)) {
    if (/AwsProvider/.test(type)) {
      const stem = /AwsProvider\w+/.exec(type)[0];
      const inner = { attributes: {}, blocks: {} };
      const shape = new RegExp(`export interface ${stem} \\{([\\s\\S]*?)^\\}`, 'm').exec(text)[1];
      for (const [, field, kind] of shape.matchAll(/docs#(\w+) [\s\S]*?readonly \w+\??: ([^;]+(?:;\s*\})?)/g))
        inner.attributes[field] = { type: plain(kind), optional: true };
      block.blocks[name] = { nesting: 'list', min: 0, max: 0, block: inner };
    } else if (name !== 'alias') block.attributes[name] = { type: plain(type), optional: true };
  }
  return block;
}
function plain(type) {
  if (/\[key: string\]/.test(type)) return ['map', 'string'];
  if (/string\[\]/.test(type)) return ['list', 'string'];
  if (/number/.test(type)) return 'number';
  return /boolean/.test(type) ? 'bool' : 'string';
}

export function writeSchema(folder, out, names) {
  const schema = { provider: providerSchema(folder), resources: {}, data: {}, unknown: [] };
  for (const name of names) {
    const block = schemaOf(folder, name);
    if (!block) schema.unknown.push(name);
    else if (name.startsWith('data.')) schema.data[name.slice(5)] = block;
    else schema.resources[name] = block;
  }
  writeFileSync(out, JSON.stringify(schema));
  return schema;
}
