import ArgumentParser
import PackFiles
import Presentation
import Webhook

struct SchemaCommand: DriftwatchCommand {
    static let configuration = CommandConfiguration(
        commandName: "schema",
        abstract: "Print the JSON Schema of packs or inventories, for editors, or of what a webhook gets.",
        discussion: """
            An editor that knows the schema completes keys and words, explains them, and underlines mistakes. The schema \
            accepts whatever `lint` accepts; `lint` finds more.

            Editors with the YAML language server (VS Code, Neovim, Emacs, Helix and others) read a line at the top of \
            a file:
              # yaml-language-server: $schema=pack.schema.json

            Examples:
              driftwatch schema pack > packs/pack.schema.json
              driftwatch schema fleet > fleet.schema.json
              driftwatch schema notification > notification.schema.json
            """)

    /// Which file, or what a webhook gets.
    enum File: String, ExpressibleByArgument, CaseIterable {
        case fleet, pack, notification

        var schemaText: String {
            switch self {
            case .fleet: JSONSchema(title: "Inventory of Driftwatch", form: .inventory).text
            case .pack: JSONSchema(title: "Config pack of Driftwatch", form: .pack).text
            case .notification: NotificationForm.schema.pretty
            }
        }

        /// Nil of what nobody writes by hand.
        var reference: FormReference? {
            let (title, guide, form): (String, String, Form)
            switch self {
            case .fleet:
                (title, guide, form) = ("The keys of an inventory", "writing-packs.md#the-inventory", .inventory)
            case .pack: (title, guide, form) = ("The keys of a pack", "writing-packs.md", .pack)
            case .notification: return nil
            }
            let introduction = """
                Every key, what it takes, and what it means; [the guide](\(guide)) explains them. This page is what `driftwatch \
                schema \(rawValue) --markdown` prints, from the declarations by which files are read. Change it there.
                """
            return FormReference(title: title, introduction: introduction, form: form)
        }
    }

    @OptionGroup var common: CommonOptions

    @Argument(help: "Of what: fleet, the inventory, pack, or notification.")
    var file: File

    @Flag(help: "Print a reference in Markdown, a table for each mapping.")
    var markdown = false

    func validate() throws {
        if markdown && file.reference == nil { throw ValidationError("--markdown is for fleet and pack") }
    }

    func perform(_ context: CommandContext) async throws -> ExitStatus {
        let reference = markdown ? file.reference.map { String($0.text.dropLast()) } : nil
        context.console.print(reference ?? file.schemaText)
        return .fine
    }
}
