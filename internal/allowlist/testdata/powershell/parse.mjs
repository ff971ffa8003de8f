// Run with node --eval where the packages are: reads PowerShell from files and writes, for each, where it is wrong and what commands it calls with which parameters.
import { readFileSync } from 'node:fs'
import { Language, Parser } from 'web-tree-sitter'

await Parser.init()
const parser = new Parser()
parser.setLanguage(await Language.load('node_modules/tree-sitter-powershell/tree-sitter-powershell.wasm'))

for (const file of process.argv.slice(1)) {
  const tree = parser.parse(readFileSync(file, 'utf8'))
  const errors = []
  const commands = []
  const walk = (node, command) => {
    if (node.isError || node.isMissing) errors.push(`line ${node.startPosition.row + 1}: ${node.text}`)
    if (node.type === 'command') {
      command = [node.childForFieldName('command_name').text]
      commands.push(command)
    }
    if (node.type === 'command_parameter') command.push(node.text)
    node.children.forEach(child => walk(child, command))
  }
  walk(tree.rootNode)
  console.log(JSON.stringify({ file, errors, commands }))
}
