import Foundation
import TestSupport
import Testing

@testable import driftwatch

/// A validator of JSON Schemas that is not ours: Python's `jsonschema`.
struct SchemaValidator {
    let file: SchemaCommand.File

    /// What it says against each of the YAML texts; nothing where it accepts one.
    func complaints(about texts: [String]) async throws -> [[String]] {
        let hasValidator = try await Tool.run(["/usr/bin/env", "python3", "-c", "import jsonschema, yaml"]).status == 0
        guard hasValidator else { try Test.cancel("Python has no jsonschema or no yaml here") }
        return try await withFolder { folder in
            let input = try JSONEncoder().encode([file.schemaText] + texts)
            try input.write(to: URL(filePath: "\(folder)/input"))
            let answer = try await Tool.run(
                ["/usr/bin/env", "python3", "-W", "error::FutureWarning", "-c", Self.script, "\(folder)/input"])
            try #require(answer.status == 0, "\(answer.errorText)")
            return try JSONDecoder().decode([[String]].self, from: Data(answer.output))
        }
    }

    /// Editors read YAML 1.2, in which a date is a text.
    private static let script = """
        import json, sys, yaml, jsonschema
        class Loader(getattr(yaml, "CSafeLoader", yaml.SafeLoader)): pass
        Loader.yaml_implicit_resolvers = {
            first: [rule for rule in rules if not rule[0].endswith(":timestamp")]
            for first, rules in yaml.SafeLoader.yaml_implicit_resolvers.items()}
        schema, *texts = json.load(open(sys.argv[1]))
        schema = json.loads(schema)
        jsonschema.Draft7Validator.check_schema(schema)
        validator = jsonschema.Draft7Validator(schema)
        def complaints(text):
            try: document = yaml.load(text, Loader)
            except yaml.YAMLError as error: return ["not YAML: " + str(error)]
            return [error.message[:200] for error in validator.iter_errors(document)]
        json.dump([complaints(text) for text in texts], sys.stdout)
        """
}
