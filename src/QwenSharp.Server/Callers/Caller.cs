using System.Text.RegularExpressions;
using Microsoft.Extensions.AI;
using QwenSharp.Protocols.Requests;
using QwenSharp.Server.Http;
using QwenSharp.Server.Models;
using QwenSharp.Server.State;

namespace QwenSharp.Server.Callers;

/// <summary>The holder of a key, who asks for something.</summary>
/// <param name="Key">The key.</param>
/// <param name="Budget">What it has left.</param>
/// <param name="Usage">Where it is written down what it uses.</param>
internal sealed record Caller(ApiKey Key, KeyBudget Budget, UsageLedger Usage)
{
    /// <summary>Whether it asks through a batch, which is outside of the limits of a minute.</summary>
    public bool InBatch { get; init; }

    /// <summary>Whom the engine takes its sequences to be of: keys take turns, and so do a key's batches and its own requests.</summary>
    public object Owner => InBatch ? $"{Key.Id} in batches" : Key.Id;

    /// <summary>How early the engine serves its sequences: those of a batch behind others.</summary>
    public KeyPriority Priority => InBatch ? KeyPriority.Low : Key.Terms.Priority;

    /// <exception cref="HttpFault">403: the key was not made for this.</exception>
    public void Require(string scope)
    {
        if (!(Key.Terms.Endpoints.Count == 0 ? scope != Scopes.Admin : Key.Terms.Endpoints.Contains(scope)))
        {
            throw new HttpFault(
                StatusCodes.Status403Forbidden,
                HttpFaultKind.Scope,
                $"The API key {Key.Id} lacks the scope '{scope}', which this request needs. Ask for a key that has it.");
        }
    }

    /// <exception cref="HttpFault">403: the key was not made for this model.</exception>
    public void Require(ModelEntry model)
    {
        if (Key.Terms.Models.Count > 0 && !Key.Terms.Models.Any(glob => Matches(glob, model.Name) || Matches(glob, model.ServedId)))
        {
            throw new HttpFault(
                StatusCodes.Status403Forbidden,
                HttpFaultKind.Scope,
                $"The API key {Key.Id} was not made for the model '{Excerpt.Of(model.Name)}'. Ask for a key that was.");
        }
    }

    /// <summary>An answer has begun.</summary>
    public void Ask(string model) => Usage.Add(Key.Id, model, requests: 1, prompt: 0, cached: 0, completion: 0);

    /// <summary>Tokens were used.</summary>
    public void Spend(string model, long prompt, long cached, long completion)
    {
        if (!InBatch)
            Budget.Spend(prompt + completion);

        Usage.Add(Key.Id, model, requests: 0, prompt, cached, completion);
    }

    /// <summary>Tokens were used, as far as an update tells any.</summary>
    /// <param name="model">The model.</param>
    /// <param name="update">The update.</param>
    /// <param name="isFirst">Whether it is of the first choice: all choices share one prompt, which is computed once.</param>
    public void Spend(string model, ChatResponseUpdate update, bool isFirst)
    {
        foreach (UsageContent content in update.Contents.OfType<UsageContent>())
        {
            Spend(
                model,
                isFirst ? content.Details.InputTokenCount ?? 0 : 0,
                isFirst ? content.Details.CachedInputTokenCount ?? 0 : 0,
                content.Details.OutputTokenCount ?? 0);
        }
    }

    private static bool Matches(string glob, string name) => Regex.IsMatch(
        name,
        $"^{string.Join(".*", glob.Split('*').Select(Regex.Escape))}$",
        RegexOptions.CultureInvariant | RegexOptions.NonBacktracking | RegexOptions.Singleline);
}
