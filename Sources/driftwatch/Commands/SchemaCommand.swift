import ArgumentParser
import PackFiles

struct SchemaCommand: DriftwatchCommand {
    static let configuration = CommandConfiguration(
        commandName: "schema",
        abstract: "Print the JSON Schema of packs or inventories, for editors.",
        discussion: """
            An editor that knows the schema completes keys and words, explains them, and underlines mistakes. The schema \
            accepts whatever `lint` accepts; `lint` finds more.

            Editors with the YAML language server (VS Code, Neovim, Emacs, Helix and others) read a line at the top of \
            a file:
              # yaml-language-server: $schema=pack.schema.json

            Examples:
              driftwatch schema pack > packs/pack.schema.json
              driftwatch schema fleet > fleet.schema.json
            """)

    /// Which of the two files.
    enum File: String, ExpressibleByArgument, CaseIterable {
        case fleet, pack

        var form: Form {
            switch self {
            case .fleet: .inventory
            case .pack: .pack
            }
        }

        var schema: JSONSchema {
            switch self {
            case .fleet: JSONSchema(title: "Inventory of Driftwatch", form: form)
            case .pack: JSONSchema(title: "Config pack of Driftwatch", form: form)
            }
        }

        var reference: FormReference {
            let (title, guide) =
                switch self {
                case .fleet: ("The keys of an inventory", "writing-packs.md#the-inventory")
                case .pack: ("The keys of a pack", "writing-packs.md")
                }
            let introduction = """
                Every key, what it takes, and what it means; [the guide](\(guide)) explains them. This page is what `driftwatch \
                schema \(rawValue) --markdown` prints, from the declarations by which files are read. Change it there.
                """
            return FormReference(title: title, introduction: introduction, form: form)
        }
    }

    @OptionGroup var common: CommonOptions

    @Argument(help: "Of which file: fleet, the inventory, or pack.")
    var file: File

    @Flag(help: "Print a reference in Markdown, a table for each mapping.")
    var markdown = false

    func perform(_ context: CommandContext) async throws -> ExitStatus {
        context.console.print(markdown ? String(file.reference.text.dropLast()) : file.schema.text)
        return .fine
    }
}
