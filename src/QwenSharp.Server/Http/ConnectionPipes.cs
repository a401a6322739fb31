using System.IO.Pipelines;

namespace QwenSharp.Server.Http;

/// <summary>The two ways of a connection.</summary>
internal sealed class ConnectionPipes(PipeReader input, PipeWriter output) : IDuplexPipe
{
    public PipeReader Input => input;

    public PipeWriter Output => output;
}
