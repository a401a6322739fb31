using Microsoft.Extensions.AI;
using QwenSharp.Faults;
using QwenSharp.Protocols.Requests;
using QwenSharp.Server.Http;

namespace QwenSharp.Server.Models;

/// <summary>The models of a server, by name.</summary>
internal sealed class ModelCatalog
{
    private readonly Dictionary<string, ServedModel> _byId = new(StringComparer.Ordinal);

    /// <exception cref="ArgumentException">Two models have one name, or there is none.</exception>
    public ModelCatalog(IReadOnlyList<ServedModel> models)
    {
        if (models.Count == 0)
            throw new ArgumentException("A server needs at least one model.", nameof(models));

        foreach (ServedModel model in models)
        {
            if (!_byId.TryAdd(model.Id, model))
                throw new ArgumentException($"Two models are named '{model.Id}'. Give one of them another alias.", nameof(models));
        }

        All = models;
    }

    public IReadOnlyList<ServedModel> All { get; }

    /// <summary>The model of a name, or the only one where a request names none, as clients of servers with one model do.</summary>
    /// <exception cref="HttpFault">404: no model has this name.</exception>
    /// <exception cref="OptionException">None is named, and there are several.</exception>
    public ServedModel Choose(string? id) => id is not null ? this[id]
        : All is [var only] ? only
        : throw new OptionException(OptionFault.Of(
            FaultKind.Missing,
            nameof(ChatOptions.ModelId),
            $"is required: this server has {string.Join(", ", _byId.Keys.Select(name => $"'{name}'"))}."));

    /// <exception cref="HttpFault">404: no model has this name, and no other is taken in its place.</exception>
    public ServedModel this[string id] => _byId.TryGetValue(id, out ServedModel? model) ? model : throw new HttpFault(
        StatusCodes.Status404NotFound,
        HttpFaultKind.UnknownModel,
        $"The model '{Excerpt.Of(id)}' does not exist. This server has: {string.Join(", ", _byId.Keys)}.");
}
