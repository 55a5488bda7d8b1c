// Builds the tree over the leaves in a JSON file (argument) with @openzeppelin/merkle-tree, as often as the second
// argument says; prints the root and milliseconds.
import { readFileSync } from "node:fs";
import { StandardMerkleTree } from "@openzeppelin/merkle-tree";

const [file, runs] = process.argv.slice(2);
const leaves = JSON.parse(readFileSync(file, "utf8"));
const types = ["bytes32", "uint64", "uint32", "int64[]", "bytes32"];
const milliseconds = [];
let root;
for (let run = 0; run < Number(runs); run++) {
  const began = performance.now();
  root = StandardMerkleTree.of(leaves, types, { sortLeaves: false }).root;
  milliseconds.push(performance.now() - began);
}
console.log(JSON.stringify({ root, milliseconds }));
