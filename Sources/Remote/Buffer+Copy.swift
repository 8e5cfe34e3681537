import Subprocess

extension SubprocessOutputSequence.Buffer {
    /// The bytes, which swift-subprocess lends as raw memory alone.
    func copy() -> [UInt8] { unsafe withUnsafeBytes { unsafe [UInt8]($0) } }
}
