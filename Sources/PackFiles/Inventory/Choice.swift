internal import DriftCore

/// Chooses the settings of one server, and notes what each comes from.
struct Choice {
    typealias Origin = InventoryReasons.Origin

    private let weak: [ServerResolver.Layer]
    private let strong: [ServerResolver.Layer]
    private(set) var origins: [String: Origin] = [:]
    /// Of values that were chosen and cannot be used.
    private(set) var faults: [AnsibleFault] = []

    /// Ansible's values come between the `weak` layers and the `strong` ones.
    init(weak: [ServerResolver.Layer], strong: [ServerResolver.Layer]) {
        self.weak = weak
        self.strong = strong
    }

    mutating func value<Value>(
        _ key: String, _ path: KeyPath<SharedSettings, Value?>, _ ansible: AnsibleSetting<Value>? = nil
    ) -> Value? {
        if let value = last(of: strong, path, key) { return value }
        if let ansible { return take(ansible, key) }
        return last(of: weak, path, key)
    }

    /// A setting that only the server itself has, or Ansible's host.
    mutating func own<Value>(_ key: String, _ own: Value?, _ ansible: AnsibleSetting<Value>?) -> Value? {
        guard let own else { return ansible.flatMap { take($0, key) } }
        origins[key] = .server
        return own
    }

    private mutating func last<Value>(
        of layers: [ServerResolver.Layer], _ path: KeyPath<SharedSettings, Value?>, _ key: String
    ) -> Value? {
        for layer in layers.reversed() {
            guard let value = layer.settings[keyPath: path] else { continue }
            origins[key] = layer.origin
            return value
        }
        return nil
    }

    private mutating func take<Value>(_ setting: AnsibleSetting<Value>, _ key: String) -> Value? {
        origins[key] = setting.origin
        switch setting.value {
        case .success(let value): return value
        case .failure(let fault):
            faults.append(fault)
            return nil
        }
    }
}
