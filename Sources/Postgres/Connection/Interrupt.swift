import CLibpq
import Glibc
import Synchronization

/// Wakes a thread that waits in `poll`, from any other thread.
///
/// One interrupt serves many calls, one after the other. A raise that comes late, for a call that has ended,
/// must not hit the next one: every call arms it anew, and a raise names the call that it means.
final class Interrupt: Sendable {
    /// Names one arming.
    struct Ticket: Hashable, Sendable {
        fileprivate let number: UInt64
    }

    private struct State {
        var current: UInt64 = 0
        var isArmed = false
        var isRaised = false
    }

    /// Readable while the interrupt is raised.
    let descriptor: Int32
    private let state = Mutex(State())

    init() throws(DatabaseError) {
        descriptor = eventfd(0, Int32(EFD_NONBLOCK) | Int32(EFD_CLOEXEC))
        if descriptor < 0 { throw DatabaseError(.connection, "no file descriptor is left for a connection") }
    }

    deinit { close(descriptor) }

    var isRaised: Bool { state.withLock { $0.isRaised } }

    func arm() -> Ticket {
        state.withLock { state in
            clear(&state)
            state.current += 1
            state.isArmed = true
            return Ticket(number: state.current)
        }
    }

    /// Ends the current arming: raises of it do nothing from now on.
    func disarm() {
        state.withLock { state in
            clear(&state)
            state.isArmed = false
        }
    }

    func raise(_ ticket: Ticket) {
        state.withLock { state in
            guard state.isArmed, state.current == ticket.number, !state.isRaised else { return }
            state.isRaised = true
            eventfd_write(descriptor, 1)
        }
    }

    /// Blocks until raised, or for `duration`.
    func wait(for duration: Duration) {
        var waiting = pollfd(fd: descriptor, events: Int16(POLLIN), revents: 0)
        _ = unsafe poll(&waiting, 1, Int32(clamping: max(0, duration.roundedUpMilliseconds)))
    }

    private func clear(_ state: inout State) {
        guard state.isRaised else { return }
        state.isRaised = false
        var count: eventfd_t = 0
        unsafe eventfd_read(descriptor, &count)
    }
}
