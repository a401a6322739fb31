using QwenSharp.Cli.Commands;
using QwenSharp.Cli.Hub;
using QwenSharp.Cli.Terminals;
using QwenSharp.Hub;

namespace QwenSharp.Cli.Run;

/// <summary>A model that is to run and is not here: whoever sits at the terminal is asked whether to pull it.</summary>
internal static class PullOffer
{
    // Nobody waits long for a question.
    private static readonly TimeSpan LongestListing = TimeSpan.FromSeconds(5);

    /// <summary>The model of a name, pulled first where that is wanted.</summary>
    /// <param name="terminal">Where to ask; without a person there, what to type is said as an error.</param>
    /// <param name="name">The name, or a path.</param>
    /// <param name="stop">Gives up.</param>
    /// <exception cref="IOException">It is not here, and was not pulled (<see cref="HubException"/>).</exception>
    public static async Task<LocalModel> FindAsync(Terminal terminal, string name, CancellationToken stop)
    {
        if (terminal.InputIsTerminal && terminal.OutputIsTerminal && Missing(name) is var (reference, options))
        {
            string size = await SizeAsync(reference, options, stop).ConfigureAwait(false);
            string source = reference.Name == reference.Repo ? "" : $" ({reference.Repo})";
            terminal.Out.WriteLine(terminal.Wrapped($"{name}{source} is not on this machine{size}."));
            string? answer = await Task.Run(() => terminal.Ask("Pull it now? [y/N] "), stop).WaitAsync(stop).ConfigureAwait(false);
            if (answer?.Trim().ToLowerInvariant() is "y" or "yes")
                await PullCommand.PullAsync(terminal, options, reference, folder: null, json: false, stop).ConfigureAwait(false);
        }

        return LocalModel.Of(name);
    }

    /// <summary>The model that a name stands for, if it could be pulled and is not here.</summary>
    private static (ModelReference Reference, HubOptions Options)? Missing(string name)
    {
        if (name == BoxModel.Name || File.Exists(name) || Directory.Exists(name))
            return null;

        HubOptions options = HubOptions.FromEnvironment();
        return options.Offline || ModelReference.TryParse(name, options) is not { } reference ? null
            : new ModelCache(options).Find(reference) is null ? (reference, options)
            : null;
    }

    /// <summary>"; pulling it brings 610 MiB"; nothing where the hub does not say.</summary>
    private static async Task<string> SizeAsync(ModelReference reference, HubOptions options, CancellationToken stop)
    {
        using CancellationTokenSource patience = CancellationTokenSource.CreateLinkedTokenSource(stop);
        patience.CancelAfter(LongestListing);
        try
        {
            using HubClient client = new(options);
            long bytes = await client.SizeAsync(reference, patience.Token).ConfigureAwait(false);
            return $"; pulling it brings {Output.Bytes(bytes)}";
        }
        catch (Exception unknown) when (unknown is HubException or OperationCanceledException && !stop.IsCancellationRequested)
        {
            // Pulling tells what is wrong, to those who want it.
            return "";
        }
    }
}
