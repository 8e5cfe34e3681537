/// Whether something must be there, as packs write it at `state`: of a kernel module, loaded or built in.
package enum Presence: String, Sendable, CaseIterable {
    case present, absent
}
