using QwenSharp.Cli.Hub;
using QwenSharp.Cli.Run;
using QwenSharp.Cli.Terminals;
using QwenSharp.Hub;

namespace QwenSharp.Cli.Code.Models;

/// <summary>Which model answers.</summary>
/// <param name="Model">Its name, here or at the address; null where none is named.</param>
/// <param name="BaseUrl">The address of an endpoint; null for this machine.</param>
/// <param name="Key">The key to show there; null for none.</param>
/// <param name="Local">Threads, context and the rest of a model in this process.</param>
internal sealed record ModelChoice(string? Model, Uri? BaseUrl, string? Key, QwenModelOptions Local)
{
    // Someone waits at the prompt.
    private static readonly TimeSpan Glance = TimeSpan.FromMilliseconds(300), Patience = TimeSpan.FromSeconds(10);

    // Of the memory, what a model's weights may take beside its cache and the rest.
    private const double MostOfMemory = 0.7;

    /// <summary>Opens the model.</summary>
    /// <exception cref="UsageException">The endpoint names no model, and nobody else did.</exception>
    /// <exception cref="IOException">The model is not on this machine.</exception>
    public async Task<CodeModel> OpenAsync(Terminal terminal, CancellationToken stop)
    {
        if (BaseUrl is { } address)
            return await RemoteAsync(address, stop).ConfigureAwait(false);
        if (Model is { } name)
            return LocalCodeModel.Load(terminal, await PullOffer.FindAsync(terminal, name, stop).ConfigureAwait(false), Local);

        return await BestAsync(terminal, stop).ConfigureAwait(false);
    }

    private async Task<CodeModel> RemoteAsync(Uri address, CancellationToken stop)
    {
        if (Model is not null)
            return RemoteModel.Open(address, Model, Key, Local.ContextLength);

        (string name, int context) = await RunningServer.FirstModelAsync(address, Key, Patience, stop).ConfigureAwait(false)
            ?? throw new UsageException($"{address} does not say which models it has: name one with --model.");
        return RemoteModel.Open(address, name, Key, Local.ContextLength > 0 ? Local.ContextLength : context);
    }

    private async Task<CodeModel> BestAsync(Terminal terminal, CancellationToken stop)
    {
        if (await RunningServer.FirstModelAsync(RunningServer.Usual, null, Glance, stop).ConfigureAwait(false) is var (served, context))
        {
            Say(terminal, $"{served} of the server at {RunningServer.Usual} answers");
            return RemoteModel.Open(RunningServer.Usual, served, null, Local.ContextLength > 0 ? Local.ContextLength : context);
        }

        if (BestPulled() is { } pulled)
        {
            Say(terminal, $"{pulled.Name}, which was pulled, answers");
            return LocalCodeModel.Load(terminal, new LocalModel(pulled.Path, pulled.Name), Local);
        }

        if (KeyedProvider.FirstWithKey() is { } provider)
        {
            CodeModel model = provider.Open(Local.ContextLength);
            Say(terminal, $"{model.Name} of {provider.Name} answers, as its key is in the environment; it costs money");
            return model;
        }

        Say(terminal, "the one in the box answers, which is far too small to code");
        return LocalCodeModel.Load(terminal, BoxModel.Open(), Local);
    }

    private static void Say(Terminal terminal, string what) => terminal.Error.WriteLine(terminal.Dim(terminal.Wrapped(
        $"No model is named: {what}. For a better one: qwensharp pull qwen3-coder:30b, or --model NAME, or --base-url URL.")));

    // Coders before others, and the largest that the memory holds.
    private static CachedModel? BestPulled()
    {
        long room = (long)(GC.GetGCMemoryInfo().TotalAvailableMemoryBytes * MostOfMemory);
        return new ModelCache().List()
            .Where(model => model.IsComplete && model.Bytes <= room && !IsCalled(model, "embedding", "reranker", "guard"))
            .OrderByDescending(model => IsCalled(model, "coder"))
            .ThenByDescending(model => model.Bytes)
            .FirstOrDefault();
    }

    private static bool IsCalled(CachedModel model, params string[] words) =>
        words.Any(word => model.Name.Contains(word, StringComparison.OrdinalIgnoreCase));
}
