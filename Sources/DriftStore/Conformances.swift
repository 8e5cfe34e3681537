package import DriftCore
import Postgres

extension ServerID: Bindable, ColumnDecodable {}
extension PackName: Bindable, ColumnDecodable {}
extension ItemKey: Bindable, ColumnDecodable {}
extension Server.Transport: Bindable, ColumnDecodable {}
extension Server.Presence: Bindable, ColumnDecodable {}
extension AlertType: ColumnDecodable {}
extension Verdict: Bindable, ColumnDecodable {}
extension MismatchType: Bindable, ColumnDecodable {}
extension DriftStatus: Bindable, ColumnDecodable {}
extension ShownState: Bindable, ColumnDecodable {}
extension Standing: Bindable, ColumnDecodable {}
