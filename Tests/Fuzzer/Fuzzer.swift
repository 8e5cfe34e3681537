import Foundation
import FuzzTargets

/// What `scripts/fuzz` chose.
private let target = FuzzTarget(rawValue: ProcessInfo.processInfo.environment["DRIFTWATCH_FUZZ"] ?? "")

/// libFuzzer's entry: a crash is a find.
@_cdecl("LLVMFuzzerTestOneInput")
func runOneInput(_ data: UnsafePointer<UInt8>, _ size: Int) -> Int32 {
    guard let target else { fatalError("DRIFTWATCH_FUZZ names no target") }
    if let fault = target.fault(in: unsafe Array(UnsafeBufferPointer(start: data, count: size))) {
        fatalError("the \(target) shows a fault: \(fault)")
    }
    return 0
}
