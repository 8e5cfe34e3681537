/// Keeps secrets out of everything that is stored, shown or sent.
///
/// Two lines of defence: files that exist to hold secrets are never read for their content
/// (``mayReadContent(of:)``), and the texts of all others are masked before anything is made of them.
package enum Masking {}
