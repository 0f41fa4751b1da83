interface Node {
  type: string;
  value?: string;
  url?: string;
  children?: Node[];
}

const MENTION = /(^|[^\p{L}\p{N}_/.@])@([\p{L}\p{N}][\p{L}\p{N}._-]{1,31})/gu;
const OPAQUE = new Set(['link', 'linkReference', 'code', 'inlineCode']);

/** Turns `@name` in running text into links of the form `mention:name`. */
export function remarkMentions(): (tree: Node) => void {
  return walk;
}

function walk(node: Node): void {
  if (!node.children || OPAQUE.has(node.type)) return;
  node.children = node.children.flatMap((child) => {
    if (child.type === 'text') return split(child.value ?? '');
    walk(child);
    return [child];
  });
}

export function split(text: string): Node[] {
  const nodes: Node[] = [];
  let at = 0;
  for (const match of text.matchAll(MENTION)) {
    // A dot or hyphen at the end belongs to the sentence.
    const name = (match[2] ?? '').replace(/[.-]+$/, '');
    if (name.length < 2) continue;
    const start = match.index + (match[1] ?? '').length;
    if (start > at) nodes.push({ type: 'text', value: text.slice(at, start) });
    nodes.push({ type: 'link', url: `mention:${name}`, children: [{ type: 'text', value: `@${name}` }] });
    at = start + 1 + name.length;
  }
  if (at < text.length || nodes.length === 0) nodes.push({ type: 'text', value: text.slice(at) });
  return nodes;
}
