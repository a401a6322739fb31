using QwenSharp.Numerics;

namespace QwenSharp.Models;

/// <summary>The mapped files that a model's weights lie in. A pass is inside all of them, so that none is unmapped under it.</summary>
internal sealed class WeightFiles(IEnumerable<MappedFile> files)
{
    private readonly MappedFile[] _files = [.. files];

    /// <exception cref="ObjectDisposedException">One of them was closed.</exception>
    public void Enter()
    {
        int entered = 0;
        try
        {
            for (; entered < _files.Length; entered++)
                _files[entered].Enter();
        }
        catch
        {
            while (entered > 0)
                _files[--entered].Leave();

            throw;
        }
    }

    public void Leave()
    {
        foreach (MappedFile file in _files)
            file.Leave();
    }
}
