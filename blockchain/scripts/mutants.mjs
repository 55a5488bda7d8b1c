// Mutants of one contract: all of them in one source, each behind a switch, so that one build serves all.
// The switch is the size of the code at an address that nobody has: `Mutant.on(7)` is true where it is 7.

export const SWITCH = `// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.28;
library Mutant {
    function on(uint256 id) internal view returns (bool) {
        return address(0x4d555441).code.length == id;
    }
}
`;

const OTHER = {
  "<": ["<=", ">="],
  "<=": ["<", ">"],
  ">": [">=", "<"],
  ">=": [">", "<"],
  "==": ["!="],
  "!=": ["=="],
  "&&": ["||"],
  "||": ["&&"],
  "+": ["-"],
  "-": ["+"],
  "*": ["/"],
  "/": ["*"],
  "+=": ["-=", "="],
  "-=": ["+=", "="],
};

/** The source with all its mutants, and what each of them does. `first` is the number of the first one. */
export function mutate(source, ast, first) {
  const bytes = Buffer.from(source, "utf8");
  const mutants = [];
  const text = (node) => {
    const [start, length] = node.src.split(":").map(Number);
    return bytes.subarray(start, start + length).toString("utf8");
  };
  const add = (node, what) => {
    const line = bytes.subarray(0, Number(node.src.split(":")[0])).toString("utf8").split("\n").length;
    mutants.push({ id: first + mutants.length, line, what });
    return `Mutant.on(${first + mutants.length - 1})`;
  };

  /** The text of a node with the mutants of everything in it. */
  function render(node) {
    const [start, length] = node.src.split(":").map(Number);
    const parts = children(node).sort((a, b) => begin(a) - begin(b));
    let out = "";
    let at = start;
    for (const part of parts) {
      out += bytes.subarray(at, begin(part)).toString("utf8") + wrap(part);
      at = begin(part) + Number(part.src.split(":")[1]);
    }
    return out + bytes.subarray(at, start + length).toString("utf8");
  }

  function wrap(node) {
    const inside = render(node);
    if (node.keep) return inside;
    if (node.nodeType === "BinaryOperation" && !/const/.test(node.typeDescriptions.typeIdentifier)) {
      const [left, right] = [text(node.leftExpression), text(node.rightExpression)];
      return (OTHER[node.operator] ?? []).reduce(
        (whole, other) =>
          `(${add(node, `${node.operator} becomes ${other}`)} ? (${left} ${other} ${right}) : ${whole})`,
        `(${inside})`,
      );
    }
    if (node.mutateCondition) {
      const never = `${add(node, "the condition is never met")} ? false`;
      return `(${never} : ${add(node, "the condition is always met")} ? true : (${inside}))`;
    }
    if (node.nodeType === "ExpressionStatement" || node.nodeType === "EmitStatement") {
      // Without its assignment a storage pointer would point anywhere: that does not compile.
      if (/_storage_ptr$/.test(node.expression?.leftHandSide?.typeDescriptions.typeIdentifier ?? "")) return inside;
      let statement = `if (!${add(node, `gone: ${text(node).replace(/\s+/g, " ").slice(0, 60)}`)}) { ${inside}; }`;
      const assignment = node.expression?.nodeType === "Assignment" ? node.expression : undefined;
      for (const other of OTHER[assignment?.operator] ?? []) {
        const changed = `${text(assignment.leftHandSide)} ${other} ${text(assignment.rightHandSide)}`;
        const id = add(node, `${assignment.operator} becomes ${other}`);
        statement = `if (${id}) { ${changed}; } else { ${statement} }`;
      }
      return `{ ${statement} }`;
    }
    return inside;
  }

  const functions = [];
  visit(ast, (node) => {
    if (node.nodeType === "FunctionDefinition" && node.body) functions.push(node.body);
    if (node.nodeType === "IfStatement") node.condition.mutateCondition = true;
    if (node.nodeType === "ForStatement") node.loopExpression.keep = true;
  });
  let out = "";
  let at = 0;
  for (const body of functions.sort((a, b) => begin(a) - begin(b))) {
    out += bytes.subarray(at, begin(body)).toString("utf8") + render(body);
    at = begin(body) + Number(body.src.split(":")[1]);
  }
  out += bytes.subarray(at).toString("utf8");
  return { source: withSwitch(out), mutants };
}

/** A statement that is deleted ends with its semicolon already; reading the switch makes pure functions views. */
function withSwitch(source) {
  return source
    .replace(/\}\s*;/g, "}")
    .replace(/\bpure\b/g, "view")
    .replace(/(pragma solidity [^;]*;)/, '$1\nimport {Mutant} from "./Mutant.sol";');
}

function begin(node) {
  return Number(node.src.split(":")[0]);
}

function children(node) {
  const found = [];
  for (const [key, value] of Object.entries(node)) {
    if (key === "typeDescriptions" || key === "typeName" || key === "vReturnParameters") continue;
    for (const one of Array.isArray(value) ? value : [value]) {
      if (one && typeof one === "object" && typeof one.src === "string" && one.nodeType) found.push(one);
    }
  }
  return found.filter((a) => !found.some((b) => b !== a && covers(b, a)));
}

function covers(b, a) {
  const [[s, l], [t, m]] = [b.src.split(":").map(Number), a.src.split(":").map(Number)];
  return s <= t && t + m <= s + l && l > m;
}

function visit(node, act) {
  if (!node || typeof node !== "object") return;
  if (Array.isArray(node)) return node.forEach((one) => visit(one, act));
  if (node.nodeType) act(node);
  for (const [key, value] of Object.entries(node)) if (key !== "typeDescriptions") visit(value, act);
}
