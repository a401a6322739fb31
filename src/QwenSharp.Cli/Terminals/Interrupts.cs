using System.Runtime.InteropServices;

namespace QwenSharp.Cli.Terminals;

/// <summary>
/// Ctrl-C and the system's request to end. An interrupt ends the work at hand where there is some (an answer); the next
/// one, or one without such work, ends the program; and one while the program ends already does not wait for that.
/// </summary>
internal sealed class Interrupts : IDisposable
{
    private readonly CancellationTokenSource _ended = new();
    private readonly List<PosixSignalRegistration> _registrations = [];
    private CancellationTokenSource? _work;
    private int _code = ExitCode.Interrupted;

    /// <summary>Cancelled when the program shall end.</summary>
    public CancellationToken Ended => _ended.Token;

    /// <summary>What the program tells its caller once it has <see cref="Ended"/>: 130 after Ctrl-C, 143 where the system asked.</summary>
    public int Code => Volatile.Read(ref _code);

    /// <summary>Listens to the process's signals; .NET maps Ctrl-C, closing the console and shutdown on Windows to the same ones.</summary>
    public void Listen()
    {
        _registrations.Add(PosixSignalRegistration.Create(PosixSignal.SIGTERM, Handle(Terminate)));
        _registrations.Add(PosixSignalRegistration.Create(PosixSignal.SIGINT, Handle(Interrupt)));
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

    /// <summary>The system's request to end.</summary>
    public void Terminate()
    {
        Volatile.Write(ref _code, ExitCode.Terminated);
        End();
    }

    /// <summary>Ends the program.</summary>
    private void End() => _ended.Cancel();

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

    private Action<PosixSignalContext> Handle(Action action) => context =>
    {
        // Not cancelled, a signal does what it does to any program.
        context.Cancel = !Ended.IsCancellationRequested;
        if (context.Cancel)
            action();
    };
}
