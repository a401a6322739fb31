using QwenSharp.Protocols.Requests;
using QwenSharp.Server.Http;
using QwenSharp.Server.Models;

namespace QwenSharp.Server.Ollama;

/// <summary>Names of models as Ollama's clients write them: with a tag, which is <c>latest</c> where there is none.</summary>
internal static class OllamaNames
{
    private const string Latest = ":latest";

    /// <summary>A name as the server knows it.</summary>
    public static string Bare(string name) =>
        name.Length > Latest.Length && name.EndsWith(Latest, StringComparison.Ordinal) ? name[..^Latest.Length] : name;

    /// <summary>A name as lists show it.</summary>
    public static string Tagged(string name) => name.Contains(':', StringComparison.Ordinal) ? name : name + Latest;

    /// <summary>The model of a name.</summary>
    /// <param name="models">The models.</param>
    /// <param name="name">The name, with a tag or without.</param>
    /// <param name="advice">What helps where there is none.</param>
    /// <exception cref="HttpFault">404: there is none.</exception>
    public static ModelEntry Find(ModelCatalog models, string name, string advice = ", try pulling it first") =>
        models.TryFind(name) ?? models.TryFind(Bare(name)) ?? throw Unknown(name, advice);

    /// <summary>The model of a name that is not another's.</summary>
    /// <exception cref="HttpFault">404: there is none.</exception>
    public static ModelEntry FindItself(ModelCatalog models, string name) =>
        models.TryFindItself(name) ?? models.TryFindItself(Bare(name)) ?? throw Unknown(name, "");

    private static HttpFault Unknown(string name, string advice) => new(
        StatusCodes.Status404NotFound, HttpFaultKind.UnknownModel, $"model '{Excerpt.Of(name)}' not found{advice}");
}
