internal import Redaction

/// `text` in one line, without anything that a terminal would take as a command; used for all that a server, a file
/// or a person wrote.
package func visible(_ text: String) -> String { VisibleText.terminal(text) }

/// Many lines, each made visible; tabs stay.
package func visibleLines(_ text: String) -> [String] { VisibleText.terminalLines(text) }
