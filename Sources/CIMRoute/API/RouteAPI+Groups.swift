import CIMProtos
import NgRPC

extension RouteAPI {
  func createGroup(
    _ request: CimV1.CreateGroupRequest, context: ServerContext
  ) async throws -> CimV1.CreateGroupResponse { throw RPCError.noGroups }

  func joinGroup(
    _ request: CimV1.JoinGroupRequest, context: ServerContext
  ) async throws -> CimV1.JoinGroupResponse { throw RPCError.noGroups }

  func leaveGroup(
    _ request: CimV1.LeaveGroupRequest, context: ServerContext
  ) async throws -> CimV1.LeaveGroupResponse { throw RPCError.noGroups }

  func listGroups(
    _ request: CimV1.ListGroupsRequest, context: ServerContext
  ) async throws -> CimV1.ListGroupsResponse { throw RPCError.noGroups }

  func listMembers(
    _ request: CimV1.ListMembersRequest, context: ServerContext
  ) async throws -> CimV1.ListMembersResponse { throw RPCError.noGroups }
}

extension RPCError {
  fileprivate static let noGroups = RPCError(code: .unimplemented, message: "This version has no groups.")
}
