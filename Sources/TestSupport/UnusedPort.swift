/// A port for a program that is told where to listen.
///
/// It is none of those that the system gives to clients, so nobody has it by chance.
package func unusedPort() -> Int { Int.random(in: 20_000..<32_000) }
