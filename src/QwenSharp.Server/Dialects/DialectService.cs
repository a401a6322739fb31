using QwenSharp.Server.Batches;
using QwenSharp.Server.Gateway;
using QwenSharp.Server.Http;
using QwenSharp.Server.Models;
using QwenSharp.Server.State;

namespace QwenSharp.Server.Dialects;

/// <summary>What the server gives every dialect to answer with.</summary>
/// <param name="Models">The models.</param>
/// <param name="Routes">The names behind which several answer, or somebody elsewhere.</param>
/// <param name="Replies">Sends replies.</param>
/// <param name="Changes">Who may change which models there are.</param>
/// <param name="State">What the server keeps; null where it keeps nothing.</param>
/// <param name="Batches">Runs batches; null where the server keeps nothing.</param>
internal sealed record DialectService(
    ModelCatalog Models,
    RoutedModels Routes,
    ReplySender Replies,
    ChangeGuard Changes,
    StateDatabase? State,
    BatchRunner? Batches);
