using System.Runtime.InteropServices;

namespace QwenSharp.Cli.Terminals;

/// <summary>
/// Ctrl-C and the system's request to end. An interrupt ends the work at hand where there is some (an answer); the next
/// one, or one without such work, ends the program.
/// </summary>
internal sealed class Interrupts : IDisposable
{
    private readonly CancellationTokenSource _ended = new();
    private readonly List<PosixSignalRegistration> _registrations = [];
    private CancellationTokenSource? _work;

    /// <summary>Cancelled when the program shall end.</summary>
    public CancellationToken Ended => _ended.Token;

    /// <summary>Listens to the process's signals; .NET maps Ctrl-C, closing the console and shutdown on Windows to the same ones.</summary>
    public void Listen()
    {
        _registrations.Add(PosixSignalRegistration.Create(PosixSignal.SIGINT, Handle(Interrupt)));
        _registrations.Add(PosixSignalRegistration.Create(PosixSignal.SIGTERM, Handle(End)));
    }

    /// <summary>Ctrl-C.</summary>
    public void Interrupt()
    {
        CancellationTokenSource? work = Volatile.Read(ref _work);
        if (work is { IsCancellationRequested: false })
            work.Cancel();
        else
            End();
    }

    /// <summary>Ends the program.</summary>
    public void End() => _ended.Cancel();

    /// <summary>
    /// Runs work that an interrupt ends without ending the program.
    /// </summary>
    /// <returns>False when it was interrupted.</returns>
    public async Task<bool> RunInterruptibleAsync(Func<CancellationToken, Task> work)
    {
        using CancellationTokenSource source = CancellationTokenSource.CreateLinkedTokenSource(Ended);
        Volatile.Write(ref _work, source);
        try
        {
            await work(source.Token).ConfigureAwait(false);
            return true;
        }
        catch (OperationCanceledException) when (source.IsCancellationRequested && !Ended.IsCancellationRequested)
        {
            return false;
        }
        finally
        {
            Volatile.Write(ref _work, null);
        }
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        _registrations.ForEach(registration => registration.Dispose());
        _ended.Dispose();
    }

    private static Action<PosixSignalContext> Handle(Action action) => context =>
    {
        context.Cancel = true;
        action();
    };
}
