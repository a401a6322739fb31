using QwenSharp.Agent.Permissions;

namespace QwenSharp.Cli.Code.Faces;

/// <summary>What readers of events are told of a session.</summary>
/// <param name="SessionId">Its name.</param>
/// <param name="Directory">The project's directory.</param>
/// <param name="Model">The model's name.</param>
/// <param name="Mode">What may be done without asking.</param>
/// <param name="Tools">The names of the tools that are offered.</param>
internal sealed record SessionFacts(string SessionId, string Directory, string Model, PermissionMode Mode, IReadOnlyList<string> Tools);
