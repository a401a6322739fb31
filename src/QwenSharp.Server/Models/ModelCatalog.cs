using QwenSharp.Protocols.OpenAI;

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

    /// <exception cref="OpenAIException">404: no model has this name, and no other is taken in its place.</exception>
    public ServedModel this[string id] =>
        _byId.TryGetValue(id, out ServedModel? model) ? model : throw OpenAIException.UnknownModel(id, _byId.Keys);
}
