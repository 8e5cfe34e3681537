import Foundation
import Glibc

/// Checks the owner and mode of a file that holds a secret.
enum SecretFile {
    /// Why others could read the secret, or put another one in its place; completes "the file x …".
    struct Fault: Error, Hashable {
        let message: String
        let hint: String
    }

    /// Where container engines mount secrets.
    ///
    /// They keep the owner and mode of the file outside, or make it 0444, and
    /// nothing but the one container sees the mount.
    private static let containerFolder = "/run/secrets"

    /// Why a file may not be used for a secret; nil if it may.
    ///
    /// Its owner is root or the account that Driftwatch runs as; the group may read it, others may not, and only its
    /// owner may write it. A secret that a container engine mounted may have any owner and be readable by all.
    ///
    /// `mountInfo` is `/proc/self/mountinfo`, `account` the number of our account.
    static func fault(
        of file: RegularFile, at path: String, account: UInt32 = geteuid(),
        mountInfo: @autoclosure () -> String = currentMountInfo()
    ) -> Fault? {
        fault(realPath: file.realPath, owner: file.owner, mode: file.mode, path, account, mountInfo)
    }

    static func fault(
        realPath: String, owner: UInt32, mode: UInt32, _ path: String, _ account: UInt32, _ mountInfo: () -> String
    ) -> Fault? {
        let shown = String(mode, radix: 8)
        guard mode & 0o022 == 0 else {
            return Fault(message: "may be changed by others (mode \(shown))", hint: "chmod 600 \(path)")
        }
        if mode & 0o005 == 0, owner == 0 || owner == account { return nil }
        if isContainerMount(realPath, mountInfo) { return nil }
        guard owner == 0 || owner == account else {
            return Fault(
                message: "belongs to the account \(owner), neither root nor this one (\(account))",
                hint: "chown \(account) \(path)")
        }
        return Fault(message: "may be read by every account (mode \(shown))", hint: "chmod 600 \(path)")
    }

    /// Whether the file is mounted below the folder, alone or with others: the fifth field of a line is where.
    private static func isContainerMount(_ path: String, _ mountInfo: () -> String) -> Bool {
        guard path.hasPrefix(containerFolder + "/") else { return false }
        return mountInfo().split(separator: "\n").contains { line in
            let fields = line.split(separator: " ", maxSplits: 5)
            guard fields.count == 6 else { return false }
            let isBelow = fields[4] == containerFolder || fields[4].hasPrefix(containerFolder + "/")
            return isBelow && (path == fields[4] || path.hasPrefix(fields[4] + "/"))
        }
    }

    private static func currentMountInfo() -> String {
        let file = try? RegularFile("/proc/self/mountinfo", upTo: 4 << 20)
        return String(decoding: file?.bytes ?? [], as: UTF8.self)
    }
}
