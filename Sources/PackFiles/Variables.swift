internal import DriftCore
internal import Redaction
import Yams

/// A variable of a pack.
struct PackVariable {
    /// As it is written: a number stays a number where it is put in alone.
    var scalar: Node.Scalar
    var position: Position
}

/// The values that a pack's variables have for it and for the packs that it extends.
struct PackVariables {
    var scalars: [String: Node.Scalar] = [:]
    /// False where a parent is missing, or its variables could not be read.
    var areAllKnown = true
}

extension PackFileReader {
    /// Reads `vars`; nil if it could not be read whole, which is reported.
    mutating func variables(in fields: Fields) -> [String: PackVariable]? {
        guard let entry = fields["vars"], !entry.node.isBlank, !entry.node.isNull else { return [:] }
        guard let pairs = reader.mapping(entry.node, of: "`vars`") else { return nil }
        if pairs.count > LoadingLimit.variables {
            reader.error("\(pairs.count) variables", at: entry.position, hint: "at most \(LoadingLimit.variables)")
            return nil
        }
        var variables: [String: PackVariable] = [:]
        for (name, entry) in pairs {
            if let fault = Grammar.variableName(name) {
                reader.error(fault.message, at: entry.position, hint: fault.hint)
            } else if let scalar = variable(name, entry) {
                variables[name] = PackVariable(scalar: scalar, position: entry.position)
            }
        }
        return variables.count == pairs.count ? variables : nil
    }

    private mutating func variable(_ name: String, _ entry: Fields.Entry) -> Node.Scalar? {
        let position = entry.node.isBlank ? entry.position : entry.node.position
        if let scalar = entry.node.scalar, ScalarValue.hasPlainTag(entry.node) {
            switch ScalarValue(scalar) {
            case .number, .boolean: return scalar
            case .text, .blank, .null: break
            }
        }
        return reader.text(entry.node, named: name, at: position) {
            Grammar.prose($0, limit: LoadingLimit.variableBytes)
        }.flatMap { _ in entry.node.scalar }
    }
}

extension Grammar {
    static func variableName(_ name: String) -> Fault? {
        guard consists(name, of: "_", limit: 63), name == name.lowercased(), let first = name.utf8.first,
            !first.isDigit, first != UInt8(ascii: "_")
        else {
            return Fault(
                "\(quoted(name)) is not the name of a variable", hint: "a-z, then a-z, 0-9 and _, such as http_port")
        }
        return nil
    }
}
